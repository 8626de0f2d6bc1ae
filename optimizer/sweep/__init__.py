"""Many variants of one book, solved by whatever crew there is: this process, a pool of processes, a Dask cluster.

Each variant begins from the same place in a solver object of its own, so that its numbers follow from the variant
alone: they are the same to the last digit whoever solved it, and after what.
"""

from optimizer.sweep.batch import sweep as sweep
from optimizer.sweep.crews import Alone as Alone
from optimizer.sweep.crews import Cluster as Cluster
from optimizer.sweep.crews import Crew as Crew
from optimizer.sweep.crews import Given as Given
from optimizer.sweep.crews import Processes as Processes
from optimizer.sweep.solving import Outcome as Outcome
from optimizer.sweep.solving import Variant as Variant

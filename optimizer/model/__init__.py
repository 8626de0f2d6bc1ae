"""The model: columns, one function a constraint, and their assembly. It builds and does not solve."""

from optimizer.model.arrays import Model as Model
from optimizer.model.building import CONSTRAINTS as CONSTRAINTS
from optimizer.model.building import build as build
from optimizer.model.columns import Columns as Columns
from optimizer.model.columns import Grid as Grid
from optimizer.model.columns import Key as Key
from optimizer.model.memory import Memory as Memory

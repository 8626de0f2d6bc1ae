"""What every page works with: the store, and the processes that compute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from flask import abort, current_app, g

from webui.background import Background
from webui.limits import Limits
from webui.rows import Book
from webui.sharing import Busy
from webui.store import Store
from webui.workers import Desk

WORKERS = 2
"""Of each kind: nobody's monster keeps everybody else waiting."""
PATIENCE_OF_THE_DESK, PATIENCE_OF_A_QUESTION = 5, 10
"""A hand on a slider waits for neither; a page that solves does not wait for a question that takes minutes."""
MOST_FOLLOWED_BY_ONE, MOST_FOLLOWED = 4, 12
"""Questions that are followed line by line; each keeps a thread. Whoever comes later asks again and again instead."""


class Site:
    """The store and the workers of one application.

    ``desk`` checks, solves and writes; ``live`` answers sliders and is never kept waiting by the other;
    ``background`` asks what takes a while; ``followers`` counts those who are told how far it is.
    """

    def __init__(self, store: Store, of_a_task: Limits, of_a_question: Limits) -> None:
        self.store = store
        store.set_aside_unfinished()
        self.desk = Desk(replace(of_a_task, gives_way=PATIENCE_OF_THE_DESK), WORKERS)
        self.live = Desk(of_a_task, WORKERS)
        self.followers = Busy(MOST_FOLLOWED_BY_ONE, MOST_FOLLOWED)
        self.background = Background(store, replace(of_a_question, gives_way=PATIENCE_OF_A_QUESTION))

    def warm(self) -> None:
        """Start the workers before the first question comes."""
        self.desk.warm()
        self.live.warm()

    def close(self) -> None:
        """End the workers and let go of the database."""
        self.background.close()
        self.desk.close()
        self.live.close()
        self.store.close()


def the_site() -> Site:
    """The site of the current request."""
    return cast(Site, current_app.extensions["site"])


def the_book(book_id: str) -> Book:
    """The workbook with this id, its scenarios loaded; 404 where there is none."""
    with the_site().store.session() as session:
        book = session.get(Book, book_id)
        if book is None:
            abort(404)
        _ = book.scenarios
        return book


def ask_desk(task: str, *arguments: object) -> Any:
    """The answer of a task at the desk, for whoever asks."""
    return the_site().desk.ask(g.visitor.id if "visitor" in g else "", task, *arguments)


def ask_live(task: str, *arguments: object) -> Any:
    """The answer of a task that a control waits for, for whoever asks."""
    return the_site().live.ask(g.visitor.id if "visitor" in g else "", task, *arguments)

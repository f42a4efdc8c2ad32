"""Follow-up: the sessions of one person over time, and which of their differences are changes.

``course`` takes the ``FollowedSession`` of each visit and gives a ``Course``. Sessions are compared only where
``differences`` finds none, against ``published_repeatability`` or ``own_repeatability``.
"""

from fitting.follow_up.comparable import Difference, comparable_groups, differences
from fitting.follow_up.course import Course
from fitting.follow_up.longitudinal import FollowedSession, course
from fitting.follow_up.published import published_repeatability
from fitting.follow_up.repeatability import Repeatability, own_repeatability

__all__ = [
    "Course",
    "Difference",
    "FollowedSession",
    "Repeatability",
    "comparable_groups",
    "course",
    "differences",
    "own_repeatability",
    "published_repeatability",
]

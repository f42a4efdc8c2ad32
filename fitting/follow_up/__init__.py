"""Follow-up: the sessions of one person over time, and which of their differences are changes."""

from fitting.follow_up.change import ReliableChange, reliable_change
from fitting.follow_up.comparability import Difference, comparable_groups, differences
from fitting.follow_up.course import Course
from fitting.follow_up.own_repeats import own_repeatability
from fitting.follow_up.published import published_repeatability
from fitting.follow_up.repeatability import Repeatability
from fitting.follow_up.timeline import Session, course
from fitting.follow_up.trend import Trend, fit_trend

__all__ = [
    "Course",
    "Difference",
    "ReliableChange",
    "Repeatability",
    "Session",
    "Trend",
    "comparable_groups",
    "course",
    "differences",
    "fit_trend",
    "own_repeatability",
    "published_repeatability",
    "reliable_change",
]

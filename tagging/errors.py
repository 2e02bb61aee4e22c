"""The errors whose messages are one line written for users; every other one is a bug and shows its traceback."""

from models.backbone import ModelError
from preprocessing.decode import DecodeError
from preprocessing.manifest import CleanFolderError
from submissions.ensemble import SubmissionError
from tagging.config import ConfigError
from tagging.datasets.table import DatasetError
from tagging.evaluation import EvaluationError
from tagging.frontend.registry import FrontendError
from tagging.runs import RunError

USER_ERRORS = (
    CleanFolderError,
    ConfigError,
    DatasetError,
    DecodeError,
    EvaluationError,
    FrontendError,
    ModelError,
    RunError,
    SubmissionError,
)

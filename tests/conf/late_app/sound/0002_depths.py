from tests.conf.late_app.tables import Depths as Migration

__all__ = ["Migration"]

from tests.conf.late_app.tables import FirstTable as Migration

__all__ = ["Migration"]

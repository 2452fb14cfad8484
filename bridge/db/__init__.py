"""The database: snapshots, settlements, actions, notes and the story. The only place that knows tortoise."""

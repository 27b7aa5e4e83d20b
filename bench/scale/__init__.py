"""Many machines: corpora on Ray, schedules, and the calculations of docs/scale.md."""

//! Experiments: the schema, its reading and checking, and the presets.

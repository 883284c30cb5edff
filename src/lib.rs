//! The front end of Curricle: command line and screen. It never links libtorch; it talks to the engine through the run
//! directory alone.

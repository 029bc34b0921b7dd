//! Algorithms on integers for constant arithmetic in hardware. No hardware types here.

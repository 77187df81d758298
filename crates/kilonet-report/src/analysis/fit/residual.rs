//! What a model leaves over.

/// What is left over at a count: the measured figure over the model's, less 1.
pub type Residual = (u32, f64);

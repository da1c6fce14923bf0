//! WeChat Pay APIv3: every vector both ways, hostile bytes, and what must hold for any input.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod material;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;

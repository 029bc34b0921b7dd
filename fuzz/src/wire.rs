//! Protobuf's wire format as a tree, so that damage keeps the rest of a file readable.

use gatewright_sim::rng::Rng;

use crate::mutate::{index, number};

/// Messages of ONNX that hold others, or numbers that count.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Leaf,
}

impl Kind {
    /// The kind of the message in a field of this one.
    fn of(self, field: u64) -> Option<Kind> {
        Some(match (self, field) {
            (Kind::Model, 7) => Kind::Graph,
            (Kind::Graph, 1) => Kind::Node,
            (Kind::Graph, 5) => Kind::Tensor,
            (Kind::Graph, 11..=13) => Kind::ValueInfo,
            (Kind::Node, 5) => Kind::Attribute,
            (Kind::Attribute, 5) => Kind::Tensor,
            (Kind::ValueInfo, 2) => Kind::Type,
            (Kind::Type, 1) => Kind::TensorType,
            (Kind::TensorType, 2) => Kind::Shape,
            (Kind::Model, 8) | (Kind::Shape, 1) => Kind::Leaf,
            _ => return None,
        })
    }
}

/// A field of a message.
#[derive(Clone)]
pub struct Field {
    number: u64,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Varint(u64),
    Eight([u8; 8]),
    Four([u8; 4]),
    Bytes(Vec<u8>),
    Message(Kind, Vec<Field>),
    /// Written with a length that is not its own.
    Torn(Vec<u8>, u64),
}

/// The fields of a message; none where it is damaged.
pub fn parse(kind: Kind, mut bytes: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let number = key >> 3;
        let content = match key & 7 {
            0 => Content::Varint(varint(&mut bytes)?),
            1 => Content::Eight(*take(&mut bytes, 8)?.first_chunk()?),
            5 => Content::Four(*take(&mut bytes, 4)?.first_chunk()?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let inner = take(&mut bytes, length)?;
                let message = kind.of(number).and_then(|k| Some(Content::Message(k, parse(k, inner)?)));
                message.unwrap_or_else(|| Content::Bytes(inner.to_vec()))
            }
            _ => return None,
        };
        fields.push(Field { number, content });
    }
    Some(fields)
}

/// The message as bytes.
pub fn write(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        let mut key = |wire: u64| push_varint(&mut out, field.number << 3 | wire);
        match &field.content {
            Content::Varint(n) => {
                key(0);
                push_varint(&mut out, *n);
            }
            Content::Eight(bytes) => {
                key(1);
                out.extend(bytes);
            }
            Content::Four(bytes) => {
                key(5);
                out.extend(bytes);
            }
            Content::Bytes(bytes) => {
                key(2);
                push_varint(&mut out, bytes.len() as u64);
                out.extend(bytes);
            }
            Content::Message(_, fields) => {
                key(2);
                let bytes = write(fields);
                push_varint(&mut out, bytes.len() as u64);
                out.extend(bytes);
            }
            Content::Torn(bytes, length) => {
                key(2);
                push_varint(&mut out, *length);
                out.extend(bytes);
            }
        }
    }
    out
}

/// Damages one place of the message; parts come from `other`, a message of the same kind.
pub fn damage(fields: &mut Vec<Field>, other: &[Field], rng: &mut Rng) {
    if fields.is_empty() {
        return;
    }
    let at = index(rng, fields.len());
    if let Content::Message(kind, inner) = &mut fields[at].content
        && rng.chance(0.9)
    {
        let same = |f: &&Field| matches!(&f.content, Content::Message(k, _) if k == kind);
        let others: Vec<&Field> = other.iter().filter(same).collect();
        let donor = match others.len() {
            0 => inner.clone(),
            n => match &others[index(rng, n)].content {
                Content::Message(_, fields) => fields.clone(),
                _ => inner.clone(),
            },
        };
        return damage(inner, &donor, rng);
    }
    match rng.between(0, 11) {
        0 => drop(fields.remove(at)),
        1 => fields.insert(at, fields[at].clone()),
        2 => {
            let with = index(rng, fields.len());
            fields.swap(at, with);
        }
        3 if !other.is_empty() => fields.insert(at, other[index(rng, other.len())].clone()),
        4 => {
            // Another value of the same field: an operand for another, a name for another.
            let same: Vec<usize> = (0..fields.len()).filter(|&k| fields[k].number == fields[at].number).collect();
            fields[at] = fields[same[index(rng, same.len())]].clone();
        }
        5 => {
            let same: Vec<&Field> = other.iter().filter(|f| f.number == fields[at].number).collect();
            if !same.is_empty() {
                fields[at] = same[index(rng, same.len())].clone();
            }
        }
        6 if rng.chance(0.2) => fields[at].number = rng.between(1, 20),
        6 => {
            let bytes = match &fields[at].content {
                Content::Bytes(bytes) => bytes.clone(),
                Content::Message(_, inner) => write(inner),
                _ => return,
            };
            let length = match rng.between(0, 2) {
                0 => number(rng) as u64,
                1 => bytes.len() as u64 + 1,
                _ => (bytes.len() as u64).saturating_sub(1),
            };
            fields[at].content = Content::Torn(bytes, length);
        }
        _ => value(&mut fields[at].content, rng),
    }
}

/// Changes numbers and bytes.
fn value(content: &mut Content, rng: &mut Rng) {
    match content {
        Content::Varint(n) => {
            *n = if rng.chance(0.5) { number(rng) as u64 } else { n.wrapping_add(rng.between(0, 2)).wrapping_sub(1) }
        }
        Content::Eight(bytes) => *bytes = crate::mutate::real(rng).to_le_bytes(),
        Content::Four(bytes) => *bytes = (crate::mutate::real(rng) as f32).to_le_bytes(),
        Content::Bytes(bytes) => crate::mutate::data(bytes, rng),
        Content::Message(..) | Content::Torn(..) => {}
    }
}

fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

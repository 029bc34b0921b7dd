//! A node's attributes. What nobody asks for is a problem: it might change the meaning.

use std::cell::RefCell;

use super::proto::{AttributeProto, NodeProto, TensorProto};
use super::wrong::{Result, Wrong, wrong};

pub struct Attrs<'a> {
    list: &'a [AttributeProto],
    read: RefCell<Vec<&'static str>>,
}

impl<'a> Attrs<'a> {
    pub fn of(node: &'a NodeProto) -> Attrs<'a> {
        Attrs { list: &node.attribute, read: RefCell::default() }
    }

    /// Attributes that change nothing.
    pub fn ignore(&self, names: &[&'static str]) {
        self.read.borrow_mut().extend(names);
    }

    fn find(&self, name: &'static str) -> Option<&'a AttributeProto> {
        self.ignore(&[name]);
        self.list.iter().find(|a| a.name() == name)
    }

    /// A value that an attribute holds, where its type is what its kind says.
    fn get<T>(
        &self,
        name: &'static str,
        kind: i32,
        what: &str,
        value: impl Fn(&'a AttributeProto) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(attribute) = self.find(name) else { return Ok(None) };
        let said = attribute.kind();
        let value = value(attribute).filter(|_| said == 0 || said == kind);
        value.map(Some).ok_or_else(|| wrong(format!("attribute `{name}` is not {what}")))
    }

    pub fn int(&self, name: &'static str) -> Result<Option<i64>> {
        // Writers leave out a zero.
        self.get(name, 2, "an integer", |a| a.i.or((a.kind() == 2).then_some(0)))
    }

    pub fn int_or(&self, name: &'static str, default: i64) -> Result<i64> {
        Ok(self.int(name)?.unwrap_or(default))
    }

    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool> {
        match self.int(name)? {
            None => Ok(default),
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => Err(wrong(format!("attribute `{name}` is {other}, not 0 or 1"))),
        }
    }

    pub fn float(&self, name: &'static str) -> Result<Option<f64>> {
        let value = self.get(name, 1, "a number", |a| a.f.or((a.kind() == 1).then_some(0.0)))?;
        match value {
            Some(x) if x.is_nan() => Err(wrong(format!("attribute `{name}` is not a number"))),
            other => Ok(other.map(f64::from)),
        }
    }

    /// `default` is what the standard says, a `float32`.
    pub fn float_or(&self, name: &'static str, default: f32) -> Result<f64> {
        Ok(self.float(name)?.unwrap_or(f64::from(default)))
    }

    pub fn ints(&self, name: &'static str) -> Result<Option<Vec<i64>>> {
        self.get(name, 7, "a list of integers", |a| Some(a.ints.clone()))
    }

    pub fn floats(&self, name: &'static str) -> Result<Option<Vec<f32>>> {
        self.get(name, 6, "a list of numbers", |a| Some(a.floats.clone()))
    }

    pub fn tensor(&self, name: &'static str) -> Result<Option<&'a TensorProto>> {
        self.get(name, 4, "a tensor", |a| a.t.as_deref())
    }

    pub fn string(&self, name: &'static str) -> Result<Option<&'a str>> {
        let text = |a: &'a AttributeProto| std::str::from_utf8(a.s.as_deref().unwrap_or_default()).ok();
        self.get(name, 3, "a text", text)
    }

    /// Attributes that were not asked for.
    pub fn rest(&self) -> Option<Wrong> {
        let read = self.read.borrow();
        let unknown = self.list.iter().find(|a| !read.contains(&a.name()))?;
        Some(
            wrong(format!("attribute `{}` is not known for this operator", crate::import::Short(unknown.name())))
                .or("export with a standard opset from 6 to 21"),
        )
    }
}

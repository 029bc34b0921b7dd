//! A register bank as CMSIS-SVD 1.3: an XML file that debuggers show registers from and that register libraries are
//! generated from.

use super::map::{Access, BankMap, FieldInfo, RegisterInfo};

/// What a description of a device says beside the registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SvdOptions {
    /// The device's name.
    pub device: String,
    /// Where the bank begins in the address space of the processor.
    pub base: u64,
}

impl Default for SvdOptions {
    /// Device `gatewright`, base 0.
    fn default() -> SvdOptions {
        SvdOptions { device: "gatewright".into(), base: 0 }
    }
}

fn escape(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Indented lines.
struct Xml {
    text: String,
    depth: usize,
}

impl Xml {
    fn line(&mut self, line: &str) {
        self.text += &"  ".repeat(self.depth);
        self.text += line;
        self.text.push('\n');
    }
    fn leaf(&mut self, tag: &str, text: impl ToString) {
        self.line(&format!("<{tag}>{}</{tag}>", escape(&text.to_string())));
    }
    fn open(&mut self, tag: &str, f: impl FnOnce(&mut Xml)) {
        self.line(&format!("<{tag}>"));
        self.depth += 1;
        f(self);
        self.depth -= 1;
        let name = tag.split(' ').next().unwrap_or(tag);
        self.line(&format!("</{name}>"));
    }
    /// A description, where there is one: the schema wants no empty text.
    fn describe(&mut self, name: &str, doc: &str) {
        self.leaf("description", if doc.trim().is_empty() { name } else { doc });
    }
}

/// The file.
pub fn svd(map: &BankMap, options: &SvdOptions) -> String {
    let mut xml = Xml { text: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".into(), depth: 0 };
    let attributes = "schemaVersion=\"1.3\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema-instance\" \
        xs:noNamespaceSchemaLocation=\"CMSIS-SVD.xsd\"";
    xml.open(&format!("device {attributes}"), |xml| {
        xml.leaf("name", &options.device);
        xml.leaf("version", "1.0");
        xml.describe(&map.name, &map.doc);
        xml.leaf("addressUnitBits", 8);
        xml.leaf("width", map.data_bits);
        xml.open("peripherals", |xml| xml.open("peripheral", |xml| peripheral(xml, map, options.base)));
    });
    xml.text
}

fn peripheral(xml: &mut Xml, map: &BankMap, base: u64) {
    xml.leaf("name", &map.name);
    xml.describe(&map.name, &map.doc);
    xml.leaf("baseAddress", format!("{base:#x}"));
    xml.open("addressBlock", |xml| {
        xml.leaf("offset", "0x0");
        xml.leaf("size", format!("{:#x}", map.size()));
        xml.leaf("usage", "registers");
    });
    xml.open("registers", |xml| {
        for r in map.by_address() {
            xml.open("register", |xml| register(xml, map, r));
        }
    });
}

fn register(xml: &mut Xml, map: &BankMap, r: &RegisterInfo) {
    xml.leaf("name", &r.name);
    xml.describe(&r.name, &r.doc);
    xml.leaf("addressOffset", format!("{:#x}", r.offset));
    xml.leaf("size", map.data_bits);
    xml.leaf("access", access(r.is_readable(), r.is_writable()));
    xml.leaf("resetValue", format!("{:#x}", r.reset()));
    let fixed = r.fields.iter().filter(|f| f.access != Access::ReadOnly).fold(0, |mask, f| mask | f.mask());
    xml.leaf("resetMask", format!("{fixed:#x}"));
    xml.open("fields", |xml| {
        for f in &r.fields {
            xml.open("field", |xml| field(xml, r, f));
        }
    });
}

fn access(read: bool, write: bool) -> &'static str {
    match (read, write) {
        (true, false) => "read-only",
        (false, true) => "write-only",
        _ => "read-write",
    }
}

fn field(xml: &mut Xml, r: &RegisterInfo, f: &FieldInfo) {
    let (name, doc) = match f.name.is_empty() {
        true => ("value", if f.doc.is_empty() { &r.doc } else { &f.doc }),
        false => (f.name.as_str(), &f.doc),
    };
    xml.leaf("name", name);
    xml.describe(name, doc);
    xml.leaf("bitOffset", f.lsb);
    xml.leaf("bitWidth", f.width());
    xml.leaf("access", access(f.access.is_readable(), f.access.is_writable()));
    if f.access == Access::WriteOneToClear {
        xml.leaf("modifiedWriteValues", "oneToClear");
    }
    if !f.values().is_empty() {
        xml.open("enumeratedValues", |xml| {
            for (n, value) in f.values().iter().enumerate() {
                xml.open("enumeratedValue", |xml| {
                    xml.leaf("name", value);
                    xml.leaf("value", n);
                });
            }
        });
    }
}

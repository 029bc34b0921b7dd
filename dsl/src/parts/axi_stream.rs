//! Streams under the signal names of AXI4-Stream: `tvalid`, `tready`, `tdata`, `tlast`.

use crate::hw::bits::{Bits, BitsTy};
use crate::hw::bundle::{Bundle, Leaf, Path, Shape};
use crate::hw::context::Raw;
use crate::hw::stream::{Stream, StreamTy};

/// A stream of words whose ports have the names of AXI4-Stream: a field `s_axis` becomes `s_axis_tvalid` and so on. Its
/// protocol is that of [`Stream`].
#[derive(Debug)]
#[must_use = "a stream that nobody consumes stops its producer"]
pub struct AxiStream(pub Stream<Bits>);

/// The shape of an [`AxiStream`]: the width of `tdata`, which the standard wants to be a multiple of 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AxiStreamTy(pub u32);

#[diagnostic::do_not_recommend]
impl Bundle for AxiStream {
    type Shape = AxiStreamTy;
    fn shape(&self) -> AxiStreamTy {
        let StreamTy(BitsTy(width)) = self.0.shape();
        AxiStreamTy(width)
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        self.0.raws(f);
    }
}

impl Shape for AxiStreamTy {
    type Value = AxiStream;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        let mut leaves = Vec::new();
        StreamTy(BitsTy(self.0)).leaves(&mut Path::default(), &mut |path, leaf| leaves.push((path.joined(), leaf)));
        for (name, leaf) in leaves {
            path.with(format_args!("t{name}"), |path| f(path, leaf));
        }
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> AxiStream {
        AxiStream(StreamTy(BitsTy(self.0)).value(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::ir::Dir;

    #[derive(Bundle)]
    struct Slave {
        s_axis: AxiStream,
    }
    #[derive(Bundle)]
    struct Master {
        m_axis: AxiStream,
    }

    #[test]
    fn ports_have_the_names_of_the_standard() {
        let design =
            build(SlaveShape { s_axis: AxiStreamTy(16) }, |m, i| Master { m_axis: AxiStream(i.s_axis.0.regslice(m)) });
        let top = &design.modules[design.top];
        let ports: Vec<(&str, Dir)> = top.ports.values().map(|p| (p.name.as_str(), p.dir)).collect();
        let (i, o) = (Dir::Input, Dir::Output);
        let (slave, master) = (
            [("s_axis_tvalid", i), ("s_axis_tdata", i), ("s_axis_tlast", i), ("s_axis_tready", o)],
            [("m_axis_tvalid", o), ("m_axis_tdata", o), ("m_axis_tlast", o), ("m_axis_tready", i)],
        );
        assert_eq!(ports, [slave, master].concat());
        let streams: Vec<&str> = top.streams.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(streams, ["s_axis", "m_axis"]);
    }
}

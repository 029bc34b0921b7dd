//! ONNX and QONNX files.
//!
//! A file passes through here in three steps: what it holds is decoded ([`proto`]); everything that is not supported is
//! gathered before any work; then each node that leads to an output is translated to nodes of the graph, or evaluated if
//! its operands are constants.
//!
//! ```
//! use gatewright_compiler::import::onnx;
//!
//! let graph = onnx::read("tests/onnx/gemm.onnx".as_ref())?;
//! let kinds: Vec<String> = graph.nodes.iter().map(|node| format!("{} as {:?}", node.kind, node.op)).collect();
//! assert_eq!(kinds, ["Gemm as MatMul", "Gemm as Add"]);
//! # Ok::<(), gatewright_compiler::import::ImportError>(())
//! ```

mod attrs;
mod builder;
mod call;
mod constants;
mod elementwise;
mod interface;
mod linear;
mod operators;
mod order;
pub mod proto;
mod prune;
mod quant;
mod reduce;
mod reshape;
mod tensor;
mod wrong;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use prost::Message;

use self::attrs::Attrs;
use self::builder::{Builder, Val};
use self::call::{Batch, Call};
use self::operators::{Of, is_standard};
use self::order::{Order, Source};
use self::proto::{GraphProto, ModelProto};
use self::wrong::{Result as Step, place, wrong};
use crate::graph::Graph;
use crate::import::{ImportError, Place, Problem, Short};

/// The largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 29;

/// Versions of the standard operators that are known.
const OPSETS: std::ops::RangeInclusive<i64> = 6..=21;

/// Reads an ONNX or QONNX file.
///
/// # Errors
/// All that is wrong with the file or not supported, with its place.
pub fn read(path: &Path) -> Result<Graph, ImportError> {
    let fail = |e: std::io::Error| ImportError::file(format!("{} cannot be read: {e}", path.display()), None);
    let mut bytes = Vec::new();
    File::open(path).map_err(fail)?.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(fail)?;
    from_bytes(&bytes)
}

/// Reads an ONNX or QONNX model.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(bytes: &[u8]) -> Result<Graph, ImportError> {
    if bytes.len() as u64 > MAX_FILE {
        return Err(ImportError::file(format!("the file is larger than {MAX_FILE} bytes"), None));
    }
    let help = "an ONNX model, such as `qonnx` or `torch.onnx.export` writes";
    let model = ModelProto::decode(bytes)
        .map_err(|e| ImportError::file(format!("the file is not an ONNX model, or damaged: {e}"), Some(help)))?;
    let Some(graph) = &model.graph else {
        return Err(ImportError::file("the file holds no graph, so that it is no ONNX model", Some(help)));
    };
    let mut problems = Vec::new();
    let order = order::order(graph, &mut problems);
    survey(&model, graph, &order, &mut problems);
    let opset = opset(&model, graph, &mut problems);
    let interface = interface::read(graph, &order, &mut problems);
    ImportError::none(problems)?;
    let mut import = Import {
        graph,
        order: &order,
        opset,
        batch: interface.batch,
        builder: Builder::new(graph.name().to_owned(), bytes.len()),
        values: HashMap::new(),
        problems: Vec::new(),
    };
    for input in interface.inputs {
        let value = import.builder.input(input.name, input.shape, input.elem);
        import.values.insert(input.name, Some(value));
    }
    import.constants();
    for &k in &order.nodes {
        import.node(k);
    }
    import.finish()
}

/// Finds what is not supported, before any work is done.
fn survey(model: &ModelProto, graph: &GraphProto, order: &Order, problems: &mut Vec<Problem>) {
    for constant in &graph.sparse_initializer {
        let name = constant.values.as_ref().map_or("", |v| v.name());
        let problem = wrong("it is stored as a sparse tensor, which is not supported").or("store it as a dense tensor");
        problems.push(problem.at(Place::Tensor(tensor::named(name))));
    }
    for (constant, _) in graph.initializer.iter().zip(&order.constants).filter(|&(_, read)| *read) {
        if let Some(problem) = tensor::unreadable(constant) {
            problems.push(problem.at(Place::Tensor(tensor::named(constant.name()))));
        }
    }
    let functions: std::collections::HashSet<(&str, &str)> =
        model.functions.iter().map(|f| (f.domain(), f.name())).collect();
    let mut constant: Vec<bool> = vec![false; graph.node.len()];
    for &k in &order.nodes {
        let node = &graph.node[k];
        let is_constant = |name: &String| match order.sources.get(name.as_str()) {
            Some(Source::Constant(_)) => true,
            Some(&Source::Node(maker, _)) => constant[maker],
            Some(Source::Input) => false,
            // Left out.
            None => true,
        };
        let constants = node.input.iter().all(is_constant);
        constant[k] = constants;
        let problem = if functions.contains(&(node.domain(), node.op_type())) {
            Some(
                wrong("it calls a function of the file, which is not supported")
                    .or("write the functions out: `onnx.inliner.inline_local_functions`"),
            )
        } else if let Some(inner) =
            node.attribute.iter().find(|a| a.g.is_some() && operators::find(node.domain(), node.op_type()).is_ok())
        {
            Some(wrong(format!("attribute `{}` is a graph", Short(inner.name()))))
        } else {
            match operators::find(node.domain(), node.op_type()) {
                Err(problem) => Some(problem),
                Ok(found) if found.of == Of::Constants && !constants => Some(
                    wrong("the operator is not supported for what depends on the inputs of the model")
                        .or(operators::instead(node.op_type())),
                ),
                Ok(found) => {
                    constant[k] |= found.of == Of::Shapes;
                    None
                }
            }
        };
        problems.extend(problem.map(|p| p.at(place(node, k))));
    }
}

/// The version of the standard operators.
fn opset(model: &ModelProto, graph: &GraphProto, problems: &mut Vec<Problem>) -> i64 {
    // Some writers list the domain twice.
    let versions = model.opset_import.iter().filter(|o| is_standard(o.domain())).map(|o| o.version());
    let help = "export with an opset from 6 to 21";
    match versions.max() {
        Some(version) if OPSETS.contains(&version) => version,
        Some(version) => {
            let problem = wrong(format!("opset {version} of the standard operators is not supported"));
            problems.push(problem.or(help).at(Place::File));
            *OPSETS.end()
        }
        None => {
            if graph.node.iter().any(|n| is_standard(n.domain())) {
                let problem = wrong("the file does not say which opset its standard operators are of");
                problems.push(problem.or(help).at(Place::File));
            }
            *OPSETS.end()
        }
    }
}

struct Import<'a> {
    graph: &'a GraphProto,
    order: &'a Order<'a>,
    opset: i64,
    batch: Batch,
    builder: Builder,
    /// By name; `None` where its maker has a problem.
    values: HashMap<&'a str, Option<Val>>,
    problems: Vec<Problem>,
}

impl<'a> Import<'a> {
    fn constants(&mut self) {
        for (proto, _) in self.graph.initializer.iter().zip(&self.order.constants).filter(|&(_, read)| *read) {
            let value = match tensor::decode(proto) {
                Ok(constant) => Some(Val::Const(constant)),
                Err(problem) => {
                    self.problems.push(problem.at(Place::Tensor(tensor::named(proto.name()))));
                    None
                }
            };
            self.values.insert(proto.name(), value);
        }
    }

    fn node(&mut self, k: usize) {
        let node = &self.graph.node[k];
        let mut inputs = Vec::with_capacity(node.input.len());
        for name in &node.input {
            match self.values.get(name.as_str()) {
                Some(Some(value)) => inputs.push(Some(value.clone())),
                None if name.is_empty() => inputs.push(None),
                // A problem of an earlier node is not told again.
                _ => {
                    self.values.extend(node.output.iter().map(|name| (name.as_str(), None)));
                    return;
                }
            }
        }
        let first_output = node.output.first().map_or("", String::as_str);
        self.builder.begin(node.name(), node.op_type(), first_output);
        let before = self.builder.graph.values.len();
        let results = match self.lower(k, inputs) {
            Ok(results) => results.into_iter().map(Some).collect(),
            Err(problem) => {
                self.problems.push(problem.at(place(node, k)));
                vec![None; node.output.len()]
            }
        };
        for (name, value) in node.output.iter().zip(results) {
            if let Some(Val::Dyn(made)) = &value
                && made.id.0 >= before
            {
                self.builder.graph.values[made.id.0].name.clone_from(name);
            }
            self.values.insert(name, value);
        }
    }

    fn lower(&mut self, k: usize, inputs: Vec<Option<Val>>) -> Step<Vec<Val>> {
        let node = &self.graph.node[k];
        let operator = operators::find(node.domain(), node.op_type())?;
        for constant in inputs.iter().flatten().filter_map(Val::constant) {
            self.builder.read(constant)?;
        }
        let mut call = Call {
            node,
            attrs: Attrs::of(node),
            inputs,
            wanted: self.order.wanted[k].clone(),
            opset: self.opset,
            batch: self.batch,
            builder: &mut self.builder,
        };
        let results = (operator.lower)(&mut call)?;
        if let Some(problem) = call.attrs.rest() {
            return Err(problem);
        }
        if (results.len()..node.output.len()).any(|k| call.wants(k)) {
            return Err(wrong(format!(
                "only its first {} outputs are supported, and a later one is used",
                results.len()
            )));
        }
        Ok(results)
    }

    fn finish(mut self) -> Result<Graph, ImportError> {
        // An input, or what is an output already, keeps its name: another name needs a value of its own.
        let mut named = vec![false; self.builder.graph.values.len()];
        self.builder.graph.inputs.iter().for_each(|id| named[id.0] = true);
        for output in &self.graph.output {
            let name = output.name();
            match self.values.get(name) {
                Some(Some(Val::Dyn(value))) => {
                    if let Some(problem) = interface::check_output(output, &self.builder, value.id, self.batch) {
                        self.problems.push(problem.at(Place::Tensor(name.to_owned())));
                    }
                    let mut id = value.id;
                    if std::mem::replace(&mut named[id.0], true) {
                        match self.builder.copy(name, id) {
                            Ok(copy) => id = copy,
                            Err(problem) => self.problems.push(problem.at(Place::Tensor(name.to_owned()))),
                        }
                    }
                    self.builder.graph.values[id.0].name = name.to_owned();
                    self.builder.graph.outputs.push(id);
                }
                Some(Some(Val::Const(_))) => {
                    let problem = wrong("this output does not depend on any input").or("remove it from the outputs");
                    self.problems.push(problem.at(Place::Tensor(name.to_owned())));
                }
                // Its maker has a problem.
                _ => {}
            }
        }
        ImportError::none(self.problems)?;
        Ok(prune::prune(self.builder.graph))
    }
}

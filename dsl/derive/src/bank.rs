//! `RegisterBank` and `Register`: descriptions of what software sees.
//!
//! What the source shows is checked here: addresses and bits that are written out, and the ranges of `uint(4)`, `sint(4)` and
//! `word(4)`. The rest is checked when the description is made into a map.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Lit, LitInt, Type};

/// What an attribute says about a member.
#[derive(Default)]
struct Options {
    at: Option<Expr>,
    bit: Option<Expr>,
    ty: Option<Expr>,
    reset: Option<Expr>,
}

struct Member<'a> {
    field: &'a Field,
    name: String,
    doc: String,
    options: Options,
}

fn members<'a>(input: &'a DeriveInput, derive: &str) -> Result<Vec<Member<'a>>, Error> {
    let message = format!("{derive} can be derived for structs with named fields");
    let Data::Struct(data) = &input.data else { return Err(Error::new_spanned(&input.ident, message)) };
    let Fields::Named(fields) = &data.fields else { return Err(Error::new_spanned(&input.ident, message)) };
    fields.named.iter().map(member).collect()
}

fn member(field: &Field) -> Result<Member<'_>, Error> {
    let name = field.ident.as_ref().map(|n| n.to_string().trim_start_matches("r#").to_string()).unwrap_or_default();
    let mut options = Options::default();
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("register")) {
        attribute.parse_nested_meta(|meta| {
            let place = match () {
                () if meta.path.is_ident("at") => &mut options.at,
                () if meta.path.is_ident("bit") => &mut options.bit,
                () if meta.path.is_ident("ty") => &mut options.ty,
                () if meta.path.is_ident("reset") => &mut options.reset,
                () => return Err(meta.error("there are `at`, `bit`, `ty` and `reset`")),
            };
            if place.is_some() {
                return Err(meta.error("this is said twice"));
            }
            *place = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(Member { field, name, doc: doc(&field.attrs), options })
}

/// The doc comment: its lines, without the space before each.
fn doc(attributes: &[syn::Attribute]) -> String {
    let lines = attributes.iter().filter(|a| a.path().is_ident("doc")).filter_map(|a| match &a.meta {
        syn::Meta::NameValue(syn::MetaNameValue { value: Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), .. }) => {
            let text = text.value();
            Some(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_string())
        }
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}

/// A whole number that is written out.
fn literal(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(n), .. }) => n.base10_parse().ok(),
        Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => literal(expr).map(|n| -n),
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

/// The last name of a type's path, and its argument.
fn last_name(ty: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let argument = match &last.arguments {
        syn::PathArguments::AngleBracketed(list) => list.args.iter().find_map(|a| match a {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    };
    Some((last.ident.to_string(), argument))
}

/// The width and the range of a field, where the source shows them.
fn shown_type(member: &Member<'_>) -> Option<(u32, (i128, i128))> {
    let unsigned = |width: u32| (width, (0, (1i128 << width.min(100)) - 1));
    match &member.options.ty {
        None => {
            let (_, argument) = last_name(&member.field.ty)?;
            (last_name(argument?)?.0 == "Bool").then(|| unsigned(1))
        }
        Some(Expr::Call(call)) => {
            let Expr::Path(function) = &*call.func else { return None };
            let name = function.path.segments.last()?.ident.to_string();
            let width = u32::try_from(literal(call.args.first()?)?).ok().filter(|w| (1..=64).contains(w))?;
            match name.as_str() {
                "uint" | "word" => Some(unsigned(width)),
                "sint" => Some((width, (-(1i128 << (width - 1)), (1i128 << (width - 1)) - 1))),
                _ => None,
            }
        }
        Some(_) => None,
    }
}

/// What is wrong with one member, whatever it stands in.
fn check_member(member: &Member<'_>) -> Result<(), Error> {
    let Some((kind, argument)) = last_name(&member.field.ty) else { return Ok(()) };
    let value = argument.and_then(last_name).map(|(name, _)| name);
    let field = ["ReadWrite", "ReadOnly", "WriteOneToClear", "WritePulse"].contains(&kind.as_str());
    let needs = kind == "Counter" || (field && matches!(value.as_deref(), Some("Int" | "Bits" | "Fixed")));
    if needs && member.options.ty.is_none() {
        let (name, kind) = (&member.name, value.unwrap_or(kind));
        let article = if kind == "Int" { "an" } else { "a" };
        let message = format!("`{name}` is {article} `{kind}` of which type? Write it: `#[register(ty = uint(12))]`");
        return Err(Error::new_spanned(member.field, message));
    }
    if let (Some(reset), Some((_, (lo, hi)))) = (&member.options.reset, shown_type(member))
        && let Some(n) = literal(reset)
        && !(lo..=hi).contains(&n)
    {
        return Err(Error::new_spanned(reset, format!("reset {n} of `{}` is not in {lo}..={hi}", member.name)));
    }
    Ok(())
}

/// The statements that make the options of a member.
fn options(member: &Member<'_>, gw: &TokenStream) -> TokenStream {
    let ty = &member.field.ty;
    let set = |name: &str, expr: &Option<Expr>| {
        let method = syn::Ident::new(name, expr.span());
        expr.as_ref().map(|e| quote!(options.#method(#e);))
    };
    // The type first: the reset is compared with it.
    let (shape, bit, reset) =
        (set("ty", &member.options.ty), set("bit", &member.options.bit), set("reset", &member.options.reset));
    quote! {
        #[allow(unused_mut)]
        let mut options = <<#ty as #gw::parts::bank::Block>::Options as ::core::default::Default>::default();
        #shape #bit #reset
    }
}

/// `Block` for a struct whose members are visited one after the other.
fn block(input: &DeriveInput, members: &[Member<'_>], gw: &TokenStream, visit: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let describes = members.iter().map(|member| {
        let (options, ty, text, doc) = (options(member, gw), &member.field.ty, &member.name, &member.doc);
        let at = match &member.options.at {
            Some(at) => quote!(::core::option::Option::Some(#at)),
            None => quote!(::core::option::Option::None),
        };
        quote!({
            #options
            d.member(#text, #doc, #at, |d| <#ty as #gw::parts::bank::Block>::describe(&options, d));
        })
    });
    let attaches = members.iter().map(|member| {
        let (options, ty, field) = (options(member, gw), &member.field.ty, &member.field.ident);
        quote!(#field: { #options <#ty as #gw::parts::bank::Block>::build(&options, a) })
    });
    quote! {
        #[automatically_derived]
        impl #generics #gw::parts::bank::Block for #name #arguments #conditions {
            type Options = ();
            fn describe(_: &(), d: &mut #gw::parts::bank::Describer) {
                d.#visit(|d| {
                    let _ = &d;
                    #(#describes)*
                });
            }
            fn build(_: &(), a: &mut #gw::parts::bank::Attacher<'_>) -> Self {
                let _ = &a;
                Self { #(#attaches,)* }
            }
        }
    }
}

pub fn expand_register(input: &DeriveInput, gw: &TokenStream) -> Result<TokenStream, Error> {
    let members = members(input, "Register")?;
    let mut taken: Vec<(String, u32, u32)> = Vec::new();
    // Where the next field goes, as long as all before it are known.
    let mut next = Some(0u32);
    for member in &members {
        check_member(member)?;
        if let Some(at) = &member.options.at {
            return Err(Error::new_spanned(at, "a field has no address; `bit` is its lowest bit"));
        }
        let given = member.options.bit.as_ref().map(literal);
        let lsb = match given {
            Some(bit) => bit.and_then(|bit| u32::try_from(bit).ok()),
            None => next,
        };
        let width = shown_type(member).map(|(width, _)| width);
        let is_array = matches!(member.field.ty, Type::Array(_));
        next = lsb.zip(width).filter(|_| !is_array).map(|(lsb, width)| lsb.saturating_add(width));
        let (Some(lsb), Some(end)) = (lsb, next) else { continue };
        let at: &dyn ToTokens = match &member.options.bit {
            Some(bit) => bit,
            None => &member.field.ident,
        };
        if end > 64 {
            let message = format!("`{}` takes bits {lsb} to {}, and a register has 64 at most", member.name, end - 1);
            return Err(Error::new_spanned(at, message));
        }
        if let Some((other, ..)) = taken.iter().find(|(_, from, to)| lsb < *to && *from < end) {
            return Err(Error::new_spanned(at, format!("`{other}` and `{}` have bits in common", member.name)));
        }
        taken.push((member.name.clone(), lsb, end));
    }
    Ok(block(input, &members, gw, &quote!(register)))
}

pub fn expand_bank(input: &DeriveInput, gw: &TokenStream) -> Result<TokenStream, Error> {
    let members = members(input, "RegisterBank")?;
    let mut data_bits: Option<LitInt> = None;
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("bank")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("data_bits") {
                return Err(meta.error("there is `data_bits`"));
            }
            data_bits = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    let bits = match &data_bits {
        None => 32,
        Some(bits) => match bits.base10_parse::<u32>()? {
            n @ (8 | 16 | 32 | 64) => n,
            n => return Err(Error::new_spanned(bits, format!("a word has 8, 16, 32 or 64 bits, not {n}"))),
        },
    };
    let mut taken: Vec<(String, i128)> = Vec::new();
    for member in &members {
        check_member(member)?;
        let Some(at) = &member.options.at else { continue };
        let Some(n) = literal(at) else { continue };
        let bytes = i128::from(bits / 8);
        if n % bytes != 0 {
            return Err(Error::new_spanned(at, format!("{n:#x} is no multiple of {bytes}, the bytes of a word")));
        }
        if let Some((other, _)) = taken.iter().find(|(_, there)| *there == n) {
            return Err(Error::new_spanned(at, format!("`{other}` is at {n:#x}, too")));
        }
        taken.push((member.name.clone(), n));
    }
    let block = block(input, &members, gw, &quote!(block));
    let name = &input.ident;
    let (text, doc) = (snake_case(&name.to_string()), doc(&input.attrs));
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    Ok(quote! {
        #block
        #[automatically_derived]
        impl #generics #gw::parts::bank::RegisterBank for #name #arguments #conditions {
            const NAME: &'static str = #text;
            const DOC: &'static str = #doc;
            const DATA_BITS: u32 = #bits;
        }
    })
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() && !text.ends_with('_') {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn register_error(input: DeriveInput) -> String {
        expand_register(&input, &quote!(gw)).map_or_else(|e| e.to_string(), |_| String::new())
    }
    fn bank_error(input: DeriveInput) -> String {
        expand_bank(&input, &quote!(gw)).map_or_else(|e| e.to_string(), |_| String::new())
    }

    #[test]
    fn bits_that_are_written_out() {
        let overlap = parse_quote! { struct R {
            #[register(ty = uint(4))] low: ReadWrite<Int>,
            #[register(bit = 3)] high: ReadWrite<Bool>,
        } };
        assert_eq!(register_error(overlap), "`low` and `high` have bits in common");
        let follows = parse_quote! { struct R {
            #[register(bit = 2)] high: ReadOnly<Bool>,
            #[register(bit = 1)] middle: ReadWrite<Bool>,
            low: ReadWrite<Bool>,
        } };
        assert_eq!(register_error(follows), "`high` and `low` have bits in common");
        let wide = parse_quote! { struct R { #[register(bit = 60, ty = word(8))] r: ReadWrite<Bits> } };
        assert_eq!(register_error(wide), "`r` takes bits 60 to 67, and a register has 64 at most");
        let fine = parse_quote! { struct R {
            mode: ReadWrite<Enum<Mode>>,
            #[register(ty = uint(4))] low: ReadWrite<Int>,
            #[register(bit = 20)] high: [ReadWrite<Bool>; 3],
            next: ReadWrite<Bool>,
        } };
        assert_eq!(register_error(fine), "");
    }

    #[test]
    fn resets_and_types() {
        let reset = parse_quote! { struct R { #[register(ty = sint(4), reset = 8)] r: ReadWrite<Int> } };
        assert_eq!(register_error(reset), "reset 8 of `r` is not in -8..=7");
        let reset = parse_quote! { struct R { #[register(ty = sint(4), reset = -8)] r: ReadWrite<Int> } };
        assert_eq!(register_error(reset), "");
        let reset = parse_quote! { struct B { #[register(reset = 2)] r: ReadWrite<Bool> } };
        assert_eq!(bank_error(reset), "reset 2 of `r` is not in 0..=1");
        let none = parse_quote! { struct R { r: ReadWrite<Int> } };
        assert_eq!(register_error(none), "`r` is an `Int` of which type? Write it: `#[register(ty = uint(12))]`");
        let none = parse_quote! { struct B { r: Counter } };
        assert_eq!(bank_error(none), "`r` is a `Counter` of which type? Write it: `#[register(ty = uint(12))]`");
    }

    #[test]
    fn addresses_that_are_written_out() {
        let twice = parse_quote! { struct B { #[register(at = 0x10)] a: R, #[register(at = 16)] b: R } };
        assert_eq!(bank_error(twice), "`a` is at 0x10, too");
        let odd = parse_quote! { #[bank(data_bits = 64)] struct B { #[register(at = 4)] a: R } };
        assert_eq!(bank_error(odd), "0x4 is no multiple of 8, the bytes of a word");
        let field = parse_quote! { struct R { #[register(at = 4)] a: ReadWrite<Bool> } };
        assert_eq!(register_error(field), "a field has no address; `bit` is its lowest bit");
        let word = parse_quote! { #[bank(data_bits = 24)] struct B { a: R } };
        assert_eq!(bank_error(word), "a word has 8, 16, 32 or 64 bits, not 24");
    }

    #[test]
    fn attributes_that_are_none() {
        let unknown = parse_quote! { struct B { #[register(offset = 4)] a: R } };
        assert_eq!(bank_error(unknown), "there are `at`, `bit`, `ty` and `reset`");
        let twice = parse_quote! { struct B { #[register(at = 4, at = 8)] a: R } };
        assert_eq!(bank_error(twice), "this is said twice");
        assert_eq!(
            bank_error(parse_quote!(
                enum B {}
            )),
            "RegisterBank can be derived for structs with named fields"
        );
        assert_eq!(
            register_error(parse_quote!(
                struct R(Bool);
            )),
            "Register can be derived for structs with named fields"
        );
    }
}

//! Derive macros of the Gatewright language: `Bundle`, `HwEnum`, `RegisterBank` and `Register`.

mod bank;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields};

/// Makes a struct a bundle and generates its shape, `<Name>Shape`: a struct with the same fields, each the shape of
/// its type. Works on structs with named fields; type parameters are bundles themselves.
#[proc_macro_derive(Bundle)]
pub fn bundle(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand_bundle(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Numbers the variants of an enum without fields from 0, for use as a hardware value. The enum is also `Copy`.
#[proc_macro_derive(HwEnum)]
pub fn hw_enum(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand_enum(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a struct of registers (or of banks, or of arrays of them) a register bank. `#[bank(data_bits = 64)]` says how wide
/// a word is, else 32; `#[register(at = 0x10)]` where a member is; the language's module `parts::bank` tells the rest.
#[proc_macro_derive(RegisterBank, attributes(bank, register))]
pub fn register_bank(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    bank::expand_bank(&input, &language()).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a struct of fields one register. `#[register(bit = 4, ty = uint(12), reset = 5)]` says where a field is and what.
#[proc_macro_derive(Register, attributes(register))]
pub fn register(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    bank::expand_register(&input, &language()).unwrap_or_else(Error::into_compile_error).into()
}

/// The path of the language's crate: directly, or through the facade.
fn language() -> TokenStream {
    use proc_macro_crate::{FoundCrate, crate_name};
    let ident = |name: &str| format_ident!("{}", name.replace('-', "_"));
    if let Ok(FoundCrate::Name(name)) = crate_name("gatewright-dsl") {
        let name = ident(&name);
        return quote!(::#name);
    }
    if let Ok(FoundCrate::Name(name)) = crate_name("gatewright") {
        let name = ident(&name);
        return quote!(::#name::dsl);
    }
    quote!(::gatewright_dsl)
}

fn expand_bundle(input: &DeriveInput) -> Result<TokenStream, Error> {
    let Data::Struct(data) = &input.data else {
        let message = "Bundle is for structs with named fields; for an enum without fields derive HwEnum";
        return Err(Error::new_spanned(&input.ident, message));
    };
    let Fields::Named(fields) = &data.fields else {
        let message = match data.fields {
            Fields::Unit => "a Bundle has named fields; write `()` where there are no ports",
            _ => "a Bundle has named fields, after which ports are named; name them, or use a tuple as it is",
        };
        return Err(Error::new_spanned(&input.ident, message));
    };
    let gw = language();
    let name = &input.ident;
    let shape = format_ident!("{}Shape", name);
    let visibility = &input.vis;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let names: Vec<_> = fields.named.iter().filter_map(|f| f.ident.clone()).collect();
    let texts: Vec<String> = names.iter().map(|n| n.to_string().trim_start_matches("r#").to_string()).collect();
    let visibilities: Vec<_> = fields.named.iter().map(|f| &f.vis).collect();
    let types: Vec<_> = fields.named.iter().map(|f| &f.ty).collect();
    // With the type's own place: a type that is no bundle is reported there.
    let shapes = types.iter().map(|ty| quote_spanned!(ty.span() => <#ty as #gw::hw::bundle::Bundle>::Shape));
    let doc = format!("The shape of [`{name}`].");
    let docs: Vec<String> = texts.iter().map(|t| format!("The shape of `{t}`.")).collect();
    let full = &input.generics;

    Ok(quote! {
        #[doc = #doc]
        #visibility struct #shape #full #conditions {
            #(#[doc = #docs] #visibilities #names: #shapes,)*
        }

        impl #generics ::core::clone::Clone for #shape #arguments #conditions {
            fn clone(&self) -> Self {
                Self { #(#names: ::core::clone::Clone::clone(&self.#names),)* }
            }
        }
        impl #generics ::core::cmp::PartialEq for #shape #arguments #conditions {
            fn eq(&self, other: &Self) -> bool {
                let _ = other;
                true #(&& self.#names == other.#names)*
            }
        }
        impl #generics ::core::cmp::Eq for #shape #arguments #conditions {}
        impl #generics ::core::hash::Hash for #shape #arguments #conditions {
            fn hash<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
                let _ = &state;
                #(::core::hash::Hash::hash(&self.#names, state);)*
            }
        }
        impl #generics ::core::fmt::Debug for #shape #arguments #conditions {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(::core::stringify!(#shape))#(.field(#texts, &self.#names))*.finish()
            }
        }

        // Messages name the language's own types, not all bundles there are.
        #[diagnostic::do_not_recommend]
        impl #generics #gw::hw::bundle::Bundle for #name #arguments #conditions {
            type Shape = #shape #arguments;
            fn shape(&self) -> Self::Shape {
                #shape { #(#names: #gw::hw::bundle::Bundle::shape(&self.#names),)* }
            }
            fn raws(&self, f: &mut dyn ::core::ops::FnMut(#gw::hw::Raw)) {
                let _ = &f;
                #(#gw::hw::bundle::Bundle::raws(&self.#names, f);)*
            }
        }
        impl #generics #gw::hw::bundle::Shape for #shape #arguments #conditions {
            type Value = #name #arguments;
            fn leaves(
                &self,
                path: &mut #gw::hw::bundle::Path,
                f: &mut dyn ::core::ops::FnMut(&#gw::hw::bundle::Path, #gw::hw::bundle::Leaf),
            ) {
                let _ = (&path, &f);
                #(path.with(#texts, |path| #gw::hw::bundle::Shape::leaves(&self.#names, path, f));)*
            }
            fn value(&self, next: &mut dyn ::core::ops::FnMut() -> #gw::hw::Raw) -> Self::Value {
                let _ = &next;
                #name { #(#names: #gw::hw::bundle::Shape::value(&self.#names, next),)* }
            }
        }
    })
}

fn expand_enum(input: &DeriveInput) -> Result<TokenStream, Error> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "HwEnum is for enums without fields; for a struct derive Bundle"));
    };
    if data.variants.is_empty() {
        return Err(Error::new_spanned(&input.ident, "an enum without variants has no hardware value"));
    }
    for variant in &data.variants {
        if !variant.fields.is_empty() {
            return Err(Error::new_spanned(
                variant,
                "variants of a HwEnum have no fields; put them beside it into a struct with Bundle",
            ));
        }
        if let Some((_, value)) = &variant.discriminant {
            return Err(Error::new_spanned(
                value,
                "variants of a HwEnum are numbered from 0 by their order; leave the number out",
            ));
        }
    }
    let gw = language();
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let variants: Vec<_> = data.variants.iter().map(|v| &v.ident).collect();
    let texts: Vec<String> = variants.iter().map(|v| v.to_string()).collect();
    let indices = 0..variants.len();
    Ok(quote! {
        impl #generics #gw::hw::enums::HwEnum for #name #arguments #conditions {
            const NAMES: &'static [&'static str] = &[#(#texts),*];
            fn index(self) -> usize {
                match self { #(Self::#variants => #indices,)* }
            }
        }
    })
}

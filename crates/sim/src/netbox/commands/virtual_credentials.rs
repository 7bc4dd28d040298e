//! Requests for mobile credentials (2.8); they never produce a credential here.

use super::super::xml::Xml;
use super::{Ctx, Done, Refusal, Success, fail, people};

fn request(ctx: &mut Ctx<'_>) -> Result<(u64, String), Refusal> {
    let key = people::find_living(ctx)?;
    let format = ctx.required("CARDFORMAT")?.to_owned();
    if !ctx.store.formats.iter().any(|known| known.name == format) {
        return fail("CARDFORMAT NOT FOUND");
    }
    Ok((key, format))
}

/// AddVirtualCredentialRequest.
pub(super) fn add(ctx: &mut Ctx<'_>) -> Done {
    let (key, format) = request(ctx)?;
    if let Some(person) = ctx.store.people.get_mut(key) {
        person.requests.insert(format);
    }
    Ok(Success::Code)
}

/// GetVirtualCredentialRequest.
pub(super) fn get(ctx: &mut Ctx<'_>) -> Done {
    let key = people::find_living(ctx)?;
    let mut xml = Xml::new();
    xml.element("VIRTUALCREDENTIALREQUESTS", |xml| {
        for format in ctx.store.people.get(key).into_iter().flat_map(|person| &person.requests) {
            xml.element("VIRTUALCREDENTIALREQUEST", |xml| xml.leaf("CARDFORMAT", format));
        }
    });
    Ok(Success::Details(xml))
}

/// RemoveVirtualCredentialRequest.
pub(super) fn remove(ctx: &mut Ctx<'_>) -> Done {
    let (key, format) = request(ctx)?;
    let there = ctx.store.people.get_mut(key).is_some_and(|person| person.requests.remove(&format));
    if there { Ok(Success::Code) } else { Err(ctx.absent(Refusal::NotFound)) }
}

//! Ids that show the owner of a record.

use proptest::prelude::*;
use vestibule_core::identity::{NotOurs, ObjectId, Owner, RecordId};
use vestibule_core::model::ObjectKey;

use super::support::{object_id, owner, record};

fn any_id() -> impl Strategy<Value = RecordId> {
    (any::<u32>(), any::<u64>(), any::<u64>(), any::<u16>()).prop_map(
        |(owner, object_id, content, number)| RecordId {
            number,
            ..RecordId::new(Owner(owner), ObjectId(object_id), content)
        },
    )
}

proptest! {
    #[test]
    fn an_id_is_read_as_it_was_written(id in any_id()) {
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_text_that_parses_as_an_id_is_written_the_same(text in "vst-[0-9a-fA-F+]{8}-[0-9a-f]{15,17}-[0-9a-f]{11,13}-[0-9+]{1,5}") {
        if let Ok(id) = text.parse::<RecordId>() {
            prop_assert_eq!(id.to_string(), text);
            prop_assert_eq!(RecordId { number: id.number, ..RecordId::new(id.owner, id.object_id, id.content) }, id);
        }
    }

    #[test]
    fn an_id_with_one_letter_added_removed_or_changed_is_another_id_or_foreign(id in any_id(), place in any::<prop::sample::Index>(), letter in "[ -~]") {
        let text = id.to_string();
        let place = place.index(text.len());
        let (before, after) = text.split_at(place);
        for odd in [format!("{before}{letter}{after}"), format!("{before}{letter}{}", &after[1..]), format!("{before}{}", &after[1..])] {
            if odd != text {
                prop_assert_ne!(odd.parse::<RecordId>(), Ok(id), "{}", odd);
            }
        }
    }

    #[test]
    fn a_shortened_or_capitalised_id_is_recognised_if_it_has_the_whole_owner(id in any_id(), length in 0_usize..60) {
        let whole = id.to_string();
        let cut = &whole[..length.min(whole.len())];
        let known = RecordId::from_altered(id.owner, cut);
        // If only the number loses digits, the result is another whole id.
        let recognisable = (13..whole.len()).contains(&length) && cut.parse::<RecordId>().is_err();
        prop_assert_eq!(known.is_some(), recognisable, "{}", cut);
        prop_assert!(known.is_none_or(|known| known.owner == id.owner && known.object_id.0 & id.object_id.0 == known.object_id.0));
        prop_assert_eq!(id.is_altered_as(cut), (8..whole.len()).contains(&length));
        let capitals = whole.to_ascii_uppercase();
        prop_assert_eq!(RecordId::from_altered(id.owner, &capitals), Some(id));
        prop_assert!(id.is_altered_as(&capitals));
        prop_assert_eq!(RecordId::from_altered(id.owner, &whole), None);
        prop_assert_eq!(RecordId::from_altered(Owner(id.owner.0 ^ 1), cut), None);
    }

    #[test]
    fn the_next_id_is_of_the_same_content_and_comes_after(id in any_id()) {
        prop_assert!(id.same_content(&id.next()));
        prop_assert!(id < id.next() || id.number == u16::MAX);
    }

    #[test]
    fn another_owner_object_or_content_is_not_the_same_content(one in any_id(), two in any_id()) {
        let mixed = [
            RecordId { owner: two.owner, ..one },
            RecordId { object_id: two.object_id, ..one },
            RecordId { content: two.content, ..one },
        ];
        for other in mixed {
            prop_assert_eq!(one.same_content(&other), one == other);
        }
    }

    #[test]
    fn an_id_holds_the_fingerprint_it_was_made_with(id in any_id(), fingerprint in any::<u64>(), other in any::<u64>()) {
        let made = RecordId::new(id.owner, id.object_id, fingerprint);
        prop_assert!(made.holds(fingerprint) && made.next().holds(fingerprint));
        prop_assert_eq!(made.holds(other), RecordId::new(id.owner, id.object_id, other) == made);
    }

    #[test]
    fn no_two_keys_have_the_same_object_id(one in "[a-z]{1,3}", two in "[a-z]{1,3}", three in "[a-z]{1,3}", four in "[a-z]{1,3}") {
        let (a, b) = (ObjectKey::new(one, two), ObjectKey::new(three, four));
        prop_assert_eq!(a == b, ObjectId::of_visitor(&a) == ObjectId::of_visitor(&b));
    }
}

#[test]
fn an_id_looks_the_same_for_ever() {
    let id = RecordId { number: 3, ..RecordId::new(Owner(1), ObjectId(0xabc), 0xdef) };
    assert_eq!(id.to_string(), "vst-00000001-0000000000000abc-000000000def-3");
    insta::assert_snapshot!(record().id);
    assert_eq!((record().id.owner, record().id.object_id), (owner(), object_id()));
}

#[test]
fn the_last_number_has_no_next_and_never_wraps_around() {
    let last = RecordId { number: u16::MAX, ..record().id };
    assert_eq!(last.next(), last, "a number that wraps around would meet dead records");
}

#[test]
fn foreign_texts_are_foreign() {
    let good = "vst-00000001-0000000000000abc-000000000def-3";
    assert!(good.parse::<RecordId>().is_ok());
    let odd = [
        String::new(),
        "vst-".to_owned(),
        "12345".to_owned(),
        "vst-00000001-0000000000000abc-000000000def".to_owned(),
        good.to_uppercase(),
        good.replace("abc", "ABC"),
        good.replace("-3", "-03"),
        good.replace("-3", "-+3"),
        good.replace("-3", "-65536"),
        good.replace("vst", "vs"),
        good.replace("000000000def", "1000000000def"),
        good.replace("000000000def", "def"),
        format!("{good}-1"),
        format!(" {good}"),
        format!("{good}\n"),
    ];
    for text in odd {
        assert_eq!(text.parse::<RecordId>(), Err(NotOurs), "{text:?}");
    }
}

#[test]
fn texts_that_are_no_part_of_an_id_are_not_recognised_as_one() {
    let owner = Owner(0x0123_abcd);
    let foreign = [
        "vst-0123abcd",
        "vst-0123abcd-guest",
        "vst-0123abcd-0000000000000abc00",
        "vst-0123abcd-abc-def",
        "vst-0123abcd-0000000000000abc-def-1",
        "vst-0123abcd-0000000000000abc-000000000def-x",
        "vst-0123abcd-0000000000000abc-000000000def-1-2",
        "vst-0123abcd-+1",
        "_41",
        "",
    ];
    for text in foreign {
        assert_eq!(RecordId::from_altered(owner, text), None, "{text}");
    }
    let id = RecordId::from_altered(owner, "vst-0123abcd-00c").unwrap();
    assert_eq!((id.object_id, id.content, id.number), (ObjectId(0x00c0_0000_0000_0000), 0, 0));
}

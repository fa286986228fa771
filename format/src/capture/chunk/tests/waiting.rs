//! Ticks that waited in memory say the same afterwards, also when there was no room for all of them.

use super::*;
use crate::tick::{PackedTick, TickPacker};

/// What becomes of a tick that waits.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Stays,
    /// The next one tells its details.
    Thinned,
    /// The next one tells all of it.
    Folded,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![Just(Fate::Stays), Just(Fate::Thinned), Just(Fate::Folded)]
}

fn unpacked(packed: &PackedTick, with: &mut TickPacker) -> Tick {
    let mut tick = Tick::new(*packed.times());
    with.unpack(packed, &mut tick).unwrap();
    tick
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_left_of_waiting_ticks_is_true(
        script in proptest::collection::vec(
            (proptest::collection::vec(act(), 0..12), fate()), 2..12),
    ) {
        let (steps, fates): (Vec<_>, Vec<_>) = script.into_iter().unzip();
        let mut played = play(&steps);
        // Beside the eight slots of the script.
        let (free, value) = (Key::name("MemFree"), LineField::Value.column());
        played[0].0.begin(Group::Memory, 8, free.clone());
        for (tick, truth) in &mut played {
            let seq = i64::try_from(tick.times.seq.0).unwrap();
            tick.number(Group::Memory, 8, value, Ok(seq));
            let said = Ok(seq.to_le_bytes().to_vec());
            truth.insert((Group::Memory, free.clone(), value), said);
        }
        let mut packer = TickPacker::new().unwrap();
        let mut waiting: Vec<PackedTick> = Vec::new();
        let mut truths = Vec::new();
        let mut pending: Option<(PackedTick, Fate)> = None;
        let last = played.len() - 1;
        for (number, (tick, truth)) in played.iter().enumerate() {
            let mut packed = packer.pack(tick).unwrap();
            match pending.take() {
                Some((earlier, Fate::Folded)) => packed.fold(&earlier, &mut packer).unwrap(),
                Some((mut earlier, Fate::Thinned)) => {
                    earlier.thin(&mut packed, &mut packer).unwrap();
                    prop_assert!(!earlier.has_details());
                    waiting.push(earlier);
                    truths.push(None);
                }
                _ => {}
            }
            let fate = if number == last { Fate::Stays } else { fates[number] };
            if matches!(fate, Fate::Stays) {
                waiting.push(packed);
                truths.push(Some(truth));
            } else {
                pending = Some((packed, fate));
            }
        }
        let mut builder = ChunkBuilder::default();
        for packed in &waiting {
            builder.push(&unpacked(packed, &mut packer), &mut Vec::new());
        }
        let chunk = builder.take();
        for (tick, truth) in truths.iter().enumerate() {
            let shed = chunk.ticks[tick].shed;
            let mut rows = chunk.rows_at(Group::Memory, tick);
            let (row, _) = rows.find(|(_, key)| **key == free).unwrap();
            let said = chunk.cell(Group::Memory, row, value, tick);
            prop_assert_eq!(said, Ok(chunk.ticks[tick].seq.0.cast_signed()));
            prop_assert_eq!(shed.contains(Shed::DETAILS), truth.is_none());
            if let Some(truth) = truth {
                assert_says(&chunk, tick, truth);
            }
        }
    }
}

#[test]
fn what_follows_a_reset_does_not_bring_back_what_it_ended() {
    let mut packer = TickPacker::new().unwrap();
    let rss = ProcessField::Rss.column();
    let mut before = Tick::new(times(0));
    before.begin(Group::Process, 0, process(1));
    before.number(Group::Process, 0, rss, Ok(1));
    let mut reset = Tick::new(times(1));
    reset.reset = true;
    reset.begin(Group::Process, 0, process(2));
    let mut waits = packer.pack(&reset).unwrap();
    assert!(!waits.has_details(), "it cannot be left out");
    let before = packer.pack(&before).unwrap();
    waits.fold(&before, &mut packer).unwrap();
    let folded = unpacked(&waits, &mut packer);
    assert!(folded.reset);
    assert_eq!(folded.group(Group::Process).births, [(0, process(2))]);
    assert_eq!(folded.group(Group::Process).changes, []);
}

//! What the raster selects and shows.

use super::*;

#[test]
fn bins_begin_at_multiples_and_never_outnumber_the_columns() {
    let axis = |from_ms, to_ms| Axis { x: egui::Rangef::new(0.0, 100.0), from_ms, to_ms };
    let bins = RateBins::new(&axis(12.0, 112.0), 5.0, 0.1, 100);
    assert_eq!((bins.from, bins.steps, bins.count), (100, 50, 21));
    let bins = RateBins::new(&axis(0.0, 1e6), 1.0, 0.1, 100);
    assert_eq!((bins.from, bins.steps, bins.count), (0, 100_000, 100));
}

#[test]
fn a_rectangle_selects_the_rows_and_the_time_it_touches() {
    let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, 50.0));
    let axis = Axis { x: rect.x_range(), from_ms: 0.0, to_ms: 200.0 };
    let area = Rect::from_min_max(pos2(10.0, 12.0), pos2(50.0, 21.0));
    let s = select_area(area, rect, &axis, &(100..110));
    assert_eq!((s.first, s.count), (102, 3));
    assert!((s.from_ms - 20.0).abs() < 1e-4 && (s.to_ms - 100.0).abs() < 1e-4);
}

package overlay

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// value draws a JSON value of at most that depth over few names, so that two of them often have names in common.
func value(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(rapid.Just[any](nil), rapid.SampledFrom([]any{true, "x", "y", int64(1), 1.0, 2.5}))
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf, rapid.Map(objects(depth), func(o object) any { return o }),
		rapid.Map(rapid.SliceOfN(value(depth-1), 0, 2), func(l []any) any { return l }))
}

func objects(depth int) *rapid.Generator[object] {
	return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), value(depth-1), 0, 3)
}

func TestADeltaMakesOneOfTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := objects(3).Draw(t, "before"), objects(3).Draw(t, "after")
		require.True(t, equal(after, difference(before, after).on(before)))
	})
}

// Deltas compose, whatever they were made of and whatever they are laid on.
func TestComposedDeltasDoWhatTheyDoInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) object { return objects(3).Draw(t, name) }
		first, second := difference(draw("a"), draw("b")), difference(draw("c"), draw("d"))
		live := draw("live")
		require.Equal(t, second.on(first.on(live)), compose(first, second).on(live))
	})
}

// A run creates, updates and deletes one object, always from what it sees; it sees each time what it intended.
func TestARunSeesItsOwnWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := New()
		var live, intended object
		if rapid.Bool().Draw(t, "exists") {
			live = objects(3).Draw(t, "live")
			intended = duplicateObject(live)
		}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			var after object
			if rapid.IntRange(0, 3).Draw(t, "keep") > 0 {
				after = objects(3).Draw(t, "after")
			}
			given, before := copyOf(after), copyOf(intended)
			apply(t, o, deployment, before, given)
			scribble(given)
			scribble(before)
			intended = after

			seen, _ := o.Lay(deployment, copyOf(live))
			require.Equal(t, intended == nil, seen == nil)
			require.True(t, equal(seen, intended), "want %v, got %v", intended, seen)
			scribble(seen)
		}
	})
}

// While the run writes members called r*, others write members called s* beside them: everybody's last word stands.
func TestWhatOthersWriteShowsThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := New()
		live := shared("r1", "r2", "s1", "s2").Draw(t, "live")
		intended := duplicateObject(live)
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "others") {
				live = mix(live, shared("s1", "s2", "s3").Draw(t, "churn"), "s")
				intended = mix(intended, live, "s")
				continue
			}
			after := mix(intended, shared("r1", "r2", "r3").Draw(t, "after"), "r")
			apply(t, o, deployment, intended, after)
			intended = after
		}
		seen, _ := o.Lay(deployment, live)
		require.True(t, equal(intended, seen), "want %v, got %v", intended, seen)
	})
}

// shared draws an object with members of those names at two levels: what the run and others write is always side by side.
func shared(names ...string) *rapid.Generator[object] {
	return rapid.Custom(func(t *rapid.T) object {
		o := rapid.MapOfN(rapid.SampledFrom(names), value(1), 0, 3).Draw(t, "outer")
		o["m"] = rapid.MapOfN(rapid.SampledFrom(names), value(1), 0, 3).Draw(t, "inner")
		return o
	})
}

// mix is base with the members whose names begin with prefix taken from other, at both levels.
func mix(base, other object, prefix string) object {
	mixed := object{}
	for name := range maps.Keys(base) {
		if !strings.HasPrefix(name, prefix) {
			mixed[name] = duplicate(base[name])
		}
	}
	for name := range maps.Keys(other) {
		if strings.HasPrefix(name, prefix) {
			mixed[name] = duplicate(other[name])
		}
	}
	if inner, ok := base["m"].(object); ok {
		mixed["m"] = mix(inner, other["m"].(object), prefix)
	}
	return mixed
}

func copyOf(o object) object {
	if o == nil {
		return nil
	}
	return duplicateObject(o)
}

// scribble destroys everything that can be reached from v.
func scribble(v any) {
	switch v := v.(type) {
	case object:
		for _, name := range slices.Collect(maps.Keys(v)) {
			scribble(v[name])
			v[name] = "scribble"
		}
	case []any:
		for i := range v {
			scribble(v[i])
			v[i] = "scribble"
		}
	}
}

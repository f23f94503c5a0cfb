package workload

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// NextSizes returns the replica sets of a deployment that get another size now, in that order, with it. It follows the rollout and
// scaling rules of Kubernetes' deployment controller, and takes one step: the next one follows from what comes of it. old tells
// whether pods of other revisions are still there.
func NextSizes(owner Object, sets []Object, current int, old bool) []Object {
	r := newRollout(owner, sets, current)
	switch {
	case Dig(owner, "spec", "paused") == true || r.rescaled():
		return r.spread()
	case recreates(owner):
		return r.recreate(old)
	case r.current == nil:
		return nil
	}
	if grown := r.resize(r.current, min(r.want, growth(owner, r.sets, r.current)), false); grown != nil {
		return grown
	}
	return r.shrink()
}

// WantsNewSet tells whether it is time to make a replica set for the owner's present template, which has none.
func WantsNewSet(owner Object, sets []Object, old bool) bool {
	r := newRollout(owner, sets, -1)
	waits := recreates(owner) && (old || total(sets) > 0)
	return Dig(owner, "spec", "paused") != true && !r.rescaled() && !waits
}

type rollout struct {
	owner     Object
	sets, old []Object // by age
	current   Object
	want      int64
}

func newRollout(owner Object, sets []Object, current int) rollout {
	r := rollout{owner: owner, sets: slices.Clone(sets), want: Replicas(owner)}
	slices.SortFunc(r.sets, CompareCreated)
	for _, set := range r.sets {
		if current >= 0 && uid(set) == uid(sets[current]) {
			r.current = set
		} else {
			r.old = append(r.old, set)
		}
	}
	return r
}

// resize is the set with another size, nil if it has it already.
func (r rollout) resize(set Object, n int64, anyway bool) []Object {
	sized := annotated(r.owner, Scale(set, n))
	if Replicas(set) == n && (!anyway || Equal(sized, set)) {
		return nil
	}
	return []Object{sized}
}

// rescaled tells whether the owner wants another number than its sets were sized for.
func (r rollout) rescaled() bool {
	for _, set := range r.active() {
		desired, err := strconv.ParseInt(Text(set, "metadata", "annotations", desiredAnnotation), 10, 64)
		if err == nil && desired != r.want {
			return true
		}
	}
	return false
}

func (r rollout) active() []Object {
	return slices.DeleteFunc(slices.Clone(r.sets), func(set Object) bool { return Replicas(set) == 0 })
}

// spread sizes the sets anew without going on with a rollout.
func (r rollout) spread() (out []Object) {
	active := r.active()
	switch {
	case len(r.sets) == 0:
		return nil
	case len(active) == 0 && r.current != nil:
		return r.resize(r.current, r.want, false)
	case len(active) == 0:
		return r.resize(r.old[len(r.old)-1], r.want, false)
	case len(active) == 1:
		return r.resize(active[0], r.want, false)
	case r.saturated():
		for _, set := range r.old {
			out = append(out, r.resize(set, 0, false)...)
		}
		return out
	case recreates(r.owner):
		return nil
	}
	return r.proportionally(active)
}

func (r rollout) saturated() bool {
	return r.current != nil && Replicas(r.current) == r.want && counted(r.current, "availableReplicas") == r.want &&
		Text(r.current, "metadata", "annotations", desiredAnnotation) == strconv.FormatInt(r.want, 10)
}

// proportionally gives each active set its share of what is to be added or removed; what is left over goes to the largest.
func (r rollout) proportionally(active []Object) (out []Object) {
	allowed := int64(0)
	if r.want > 0 {
		allowed = r.want + MaxSurge(r.owner)
	}
	add := allowed - total(active)
	newerFirst := func(a, b Object) int { return CompareCreated(b, a) }
	olderFirst := CompareCreated
	slices.SortStableFunc(active, func(a, b Object) int {
		switch {
		case Replicas(a) != Replicas(b):
			return int(Replicas(b) - Replicas(a))
		case add > 0:
			return newerFirst(a, b)
		}
		return olderFirst(a, b)
	})
	sizes, added := make([]int64, len(active)), int64(0)
	for i, set := range active {
		share := r.share(set, add, added)
		sizes[i] = Replicas(set) + share
		added += share
	}
	sizes[0] = max(0, sizes[0]+add-added)
	for i, set := range active {
		out = append(out, r.resize(set, sizes[i], true)...)
	}
	return out
}

func (r rollout) share(set Object, add, added int64) int64 {
	if add == 0 || add == added {
		return 0
	}
	share := -Replicas(set)
	if r.want > 0 {
		before, err := strconv.ParseInt(Text(set, "metadata", "annotations", maximumAnnotation), 10, 64)
		if err != nil || before == 0 {
			before = counted(r.owner, "replicas")
		}
		if before == 0 {
			return 0
		}
		share = int64(math.Round(float64(Replicas(set)*(r.want+MaxSurge(r.owner)))/float64(before))) - Replicas(set)
	}
	if add > 0 {
		return min(share, add-added)
	}
	return max(share, add-added)
}

// recreate removes every old pod before the first new one comes.
func (r rollout) recreate(old bool) (out []Object) {
	for _, set := range r.old {
		out = append(out, r.resize(set, 0, false)...)
	}
	if len(out) > 0 || old || r.current == nil {
		return out
	}
	return r.resize(r.current, r.want, false)
}

// shrink takes from the old sets what the owner can spare: first the pods that are not available anyway.
func (r rollout) shrink() []Object {
	least := r.want - MaxUnavailable(r.owner)
	spare := total(r.sets) - least - (Replicas(r.current) - counted(r.current, "availableReplicas"))
	if total(r.old) == 0 || spare <= 0 {
		return nil
	}
	sizes := make([]int64, len(r.old))
	for i, set := range r.old {
		unhealthy := min(spare, Replicas(set)-counted(set, "availableReplicas"))
		sizes[i] = Replicas(set) - max(0, unhealthy)
		spare -= max(0, unhealthy)
	}
	available := int64(0)
	for _, set := range r.sets {
		available += counted(set, "availableReplicas")
	}
	var out []Object
	extra := max(0, available-least)
	for i, set := range r.old {
		cut := min(sizes[i], extra)
		extra -= cut
		out = append(out, r.resize(set, sizes[i]-cut, false)...)
	}
	return out
}

// growth is the size that the set of the present template may have next to the others.
func growth(owner Object, sets []Object, set Object) int64 {
	want := Replicas(owner)
	if recreates(owner) || Replicas(set) > want {
		return want
	}
	room := want + MaxSurge(owner) - total(sets)
	return Replicas(set) + max(0, min(room, want-Replicas(set)))
}

func total(sets []Object) (n int64) {
	for _, set := range sets {
		n += Replicas(set)
	}
	return n
}

func recreates(owner Object) bool { return Text(owner, "spec", "strategy", "type") == "Recreate" }

// MaxSurge is how many pods a deployment may have beyond those that it wants.
func MaxSurge(owner Object) int64 {
	surge, _ := fenceposts(owner)
	return surge
}

// MaxUnavailable is how many pods a deployment may lack and still be available.
func MaxUnavailable(owner Object) int64 {
	_, unavailable := fenceposts(owner)
	return min(unavailable, Replicas(owner))
}

// fenceposts are numbers or percentages, the one rounded up, the other down. They are not both zero, or a rollout would stand still.
func fenceposts(owner Object) (surge, unavailable int64) {
	if recreates(owner) {
		return 0, 0
	}
	part := func(field string, round func(float64) float64) int64 {
		return Share(Dig(owner, "spec", "strategy", "rollingUpdate", field), Share("25%", 0, Replicas(owner), round), Replicas(owner), round)
	}
	surge, unavailable = part("maxSurge", math.Ceil), part("maxUnavailable", math.Floor)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}

// Share reads a number, or a percentage of a whole, as limits of rollouts are given; usual if it is neither.
func Share(v any, usual, of int64, round func(float64) float64) int64 {
	if n, ok := Int(Object{"n": v}, "n"); ok {
		return n
	}
	text, _ := v.(string)
	percent, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	if err != nil {
		return usual
	}
	return int64(round(float64(of) * float64(percent) / 100))
}

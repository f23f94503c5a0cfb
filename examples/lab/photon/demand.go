package photon

import (
	"math"
	"math/rand/v2"
	"time"
)

// What each minute has chance for. The number keeps one chance from following another.
const (
	chanceDemand = iota
	chanceHits
	chanceDevices // and one more for each device
)

// chance is between -1 and 1, and the same for the whole minute.
func chance(t time.Time, what int) float64 {
	minute := uint64(t.Unix() / 60) //nolint:gosec // no lab is older than 1970
	return 2*rand.New(rand.NewPCG(Seed, minute<<8|uint64(what))).Float64() - 1
}

// Demand is how many compilations per second are asked for at t: a cosine over the day, and each minute a little chance.
func Demand(t time.Time) float64 {
	minute := t.UTC().Truncate(Step)
	hours := float64(minute.Hour()) + float64(minute.Minute())/60
	day := (1 + math.Cos(2*math.Pi*(hours-PeakHour)/24)) / 2
	return (NightDemand + (PeakDemand-NightDemand)*day) * (1 + Jitter*chance(minute, chanceDemand))
}

// Rate is how many compilations per second end at t, one way or another. What the ready pods cannot bear is refused and
// not made up for later, so that the rate depends on this moment alone.
func Rate(t time.Time, in Inputs) float64 {
	return min(Demand(t), Capacity*float64(in.Ready))
}

// load is demand as a share of what the ready pods bear.
func load(t time.Time, in Inputs) float64 {
	if in.Ready == 0 {
		return math.Inf(1)
	}
	return Demand(t) / (Capacity * float64(in.Ready))
}

// queue is how many requests wait: few until the load comes near to what can be borne, as queues do.
func queue(load float64) float64 {
	if load >= 1 {
		return QueueLimit
	}
	return min(QueueLimit, math.Round(load*load/(1-load)))
}

// HitRate is the cache's at t.
func HitRate(t time.Time, in Inputs) float64 {
	rate := WarmHitRate
	if in.ColdCache {
		rate = ColdHitRate
	}
	return rate + hitJitter*chance(t, chanceHits)
}

// faultErrors is the share of a target's compilations that fails for want of devices. One of two can mostly stand in for
// the other, so the share grows with the square of what is lost.
func faultErrors(target Target, in Inputs) float64 {
	var all, lost float64
	for _, device := range Devices {
		if device.Target == target.Name {
			all++
			lost += in.condition(device).lost
		}
	}
	if all == 0 {
		return 0
	}
	return FaultErrors * (lost / all) * (lost / all)
}

// ErrorRate is the share of a target's compilations that fails.
func ErrorRate(target Target, in Inputs) float64 { return BaseErrors + faultErrors(target, in) }

// errorShares is which errors they are, in the order of ErrorTypes.
func errorShares(target Target, in Inputs) [len(ErrorTypes)]float64 {
	fault := faultErrors(target, in)
	var shares [len(ErrorTypes)]float64
	for i := range shares {
		shares[i] = (BaseErrors*baseErrorShares[i] + fault*faultErrorShares[i]) / (BaseErrors + fault)
	}
	return shares
}

package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// firstCollection is how much memory the program takes before the collector runs for the first time, in bytes.
const firstCollection = 48 << 20

// postponeCollection lets a command that is over in no time end without a collection: each of the first ones goes through all that the
// libraries of Kubernetes set up when the program starts, and finds nothing to free. After the first the collector works as it always does.
// Who tunes it by GOGC or GOMEMLIMIT has it tuned.
func postponeCollection() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	percent := debug.SetGCPercent(-1)
	debug.SetMemoryLimit(firstCollection)
	runtime.AddCleanup(new([16]byte), func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, percent)
}

package action

// A View is the intended state of a run, laid over what is really there. In a real run it is empty: what was intended has
// happened. It holds JSON objects as map[string]any, which its users must not change.
type View interface {
	// Lay returns the live object (nil if there is none) as this run intends it to be (nil if it is intended not to exist), and
	// whether the run intends anything about it at all.
	Lay(target Target, live map[string]any) (object map[string]any, intended bool)
	// Intended lists the targets of one system, kind and scope (empty: every scope) about which the run intends something, in
	// the order in which it first did.
	Intended(system, kind, scope string) []Target
}

package files

import (
	"crypto/rand"
	"strings"
)

// What the names of drafts begin and end with.
const (
	draftPrefix = ".runbook-"
	draftSuffix = ".part"
)

// DraftName is a name for a draft that nothing else has.
func DraftName() string { return draftPrefix + strings.ToLower(rand.Text()) + draftSuffix }

// IsDraft tells whether a name is that of a draft. One that nobody writes to any more is left of a run that was killed.
func IsDraft(name string) bool {
	return strings.HasPrefix(name, draftPrefix) && strings.HasSuffix(name, draftSuffix)
}

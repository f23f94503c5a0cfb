// Package s3 offers object stores to Lua: what is in a bucket, single objects, and whole trees of them between a bucket and the files of a
// machine, as s5cmd syncs them.
//
// It speaks to AWS and to whatever speaks S3 through the AWS SDK, with AWS's own credential chain (package chain). It never retries: a
// refusal for the moment goes to the gate, and a sync that is tried again goes on with what is not whole yet. An object is replaced or
// removed only if it is what it was when that was decided, and a file appears only when it is whole and has the checksum of its object.
//
// transfermanager is not used: it decides by itself how often a part is sent again, knows no preconditions for a download in parts, and
// writes to files that are there before they are whole.
//
// Read next: link.go for how a store is reached, put.go for a single write, then sync.go, compare.go, job.go and transfer.go; partial.go and
// unfinished.go for how a large file goes on where it broke. reads.go is what a dry run lets pass.
package s3

import (
	"cmp"
	"net/http"
	"sync"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// What targets are called.
const (
	system  = "s3"
	objects = "objects"
	buckets = "buckets"
)

// What the files of a machine are called as targets.
const (
	hostSystem = "host"
	hostFiles  = "files"
)

// Config says which object store, and how to appear to it.
type Config struct {
	Access        func() Access                             // asked at the first call
	Machines      machine.Set[files.System]                 // whose files are copied
	WrapTransport func(http.RoundTripper) http.RoundTripper // put under every client, that for credentials included; may be nil
	UserAgent     string                                    // of every request
	Secrets       module.Secrets                            // kept out of what is shown; nil for nobody who does that
	// AtOnce is how many objects are transferred at once; 0 for what the script says. A simulated site wants 1: which of several objects
	// meets a fault would else be chance.
	AtOnce int
	// Held is how many bytes of what is received are held in memory, and again of what is sent; 0 for 64 MiB.
	Held int64
}

// A binding is the module of one object store.
type binding struct {
	Config
	link           func() (*link, error)
	received, sent *memory  // of all that is transferred
	wrote          sync.Map // how much this run wrote of drafts that it left, by where they are
}

// New makes the module. It contacts nothing and reads nothing.
func New(cfg Config) *module.Module {
	if cfg.Secrets == nil {
		cfg.Secrets = module.Openly{}
	}
	b := &binding{Config: cfg}
	most := cmp.Or(cfg.Held, mostHeld)
	b.received, b.sent = newMemory(most), newMemory(most)
	b.link = sync.OnceValues(cfg.connect)
	return &module.Module{
		Name: "s3",
		Doc: `Object stores that speak S3: AWS, and others by their endpoint.

An object is named by its URI, s3://bucket/key. Who the run is, and where the store is, say the site file (s3) and AWS's own environment
and files: profiles, roles, web identities, SSO, processes, containers and instances. Times are seconds since 1970, sizes bytes.`,
		Funcs: []module.Func{
			b.bucketsFunc(),
			b.listFunc(),
			b.headFunc(),
			b.getFunc(),
			b.putFunc(),
			b.copyFunc(),
			b.deleteFunc(),
			b.presignFunc(),
			b.syncFunc(),
		},
	}
}

// asking are the codes of errors that every function which asks may end with.
var asking = []action.Code{
	action.CodeUnavailable, action.CodeTimeout, action.CodeRejected, action.CodeUnauth, action.CodeForbidden, action.CodeThrottled, action.CodeNotFound,
}

// Package scenario reads scenario files: what a simulated site consists of, how it behaves, what has gone wrong in it, and what will.
//
// It is data, strictly checked, with line numbers; it simulates nothing and opens nothing. Each simulated system takes its own section:
// engine/world/cluster the section kubernetes, engine/world/metrics the section prometheus, and so on. Read next: load.go for how a
// file extends another one, then engine/world, which brings a scenario to life.
package scenario

import (
	"time"

	"runbook/engine/contact"
)

// A Scenario is a simulated site at the moment at which a run begins.
type Scenario struct {
	Name    string `yaml:"-"`       // of its file, without the ending
	Named   bool   `yaml:"-"`       // it was found by its name, not by a path
	Path    string `yaml:"-"`       // of its file
	Digest  string `yaml:"-"`       // of everything that it consists of
	Summary string `yaml:"summary"` // what has happened, in a line
	// the scenario that this one changes: in its own folder, or farther away if it has the same name
	Extends string `yaml:"extends"`
	// when a run begins; 2026-11-24T03:00:00Z if not given
	Clock time.Time `yaml:"clock"`
	// a runbook changes nothing in it: tests fail where one does, and where none does and this is not said
	ReadOnly   bool       `yaml:"read_only"`
	Kubernetes Kubernetes `yaml:"kubernetes"` // the cluster
	Prometheus Prometheus `yaml:"prometheus"` // the metrics
	// the other machines, by the names by which a runbook knows them
	Hosts map[string]Host `yaml:"hosts"`
	Host  Host            `yaml:"host"` // the machine on which the run itself runs
	// the devices, by the names by which a runbook knows them
	Devices map[string]Device `yaml:"devices"`
	Tools   map[string]Tool   `yaml:"-"`  // how the tools of the devices' drivers answer
	S3      S3                `yaml:"s3"` // the object store

	Notify       Notify       `yaml:"notify"`       // who can be told of something
	Alertmanager Alertmanager `yaml:"alertmanager"` // what is silenced
	// how soon somebody responds and who is told next, by severity; what is missing is as in the handbook
	Escalation contact.Matrix `yaml:"escalation"`

	Timeline []Event `yaml:"timeline"` // what happened before the run, and will happen during it
	Faults   []Fault `yaml:"faults"`   // answers that go wrong; the first that fits a call does
}

// Kubernetes is a simulated cluster.
type Kubernetes struct {
	Context   string `yaml:"context"`   // name of the kubeconfig's context; "scenario" if not given
	Namespace string `yaml:"namespace"` // of the context; "default" if not given
	// who the run is: "admin", if not given, may do everything; anybody else what the manifests' roles allow
	User    string `yaml:"user"`
	Version string `yaml:"version"` // of the server, such as v1.37.0
	// how long ago the manifests were applied, which is how old their objects are when the run begins; 24h if not given
	Age       time.Duration `yaml:"age"`
	Manifests []Manifest    `yaml:"manifests"` // what there is, in the order in which it is applied
	Behaviour []Behaviour   `yaml:"behaviour"` // of pods: the first that fits a pod when it is made holds for it
	Commands  []Command     `yaml:"commands"`  // that can be run in containers; the first that fits answers
}

// A Manifest is an object as for kubectl apply, or "file: NAME", one or more in a file beside the scenario.
type Manifest struct {
	File    string           `yaml:"-"` // "" for one that stands in the scenario
	Objects []map[string]any `yaml:"-"`
	Where   string           `yaml:"-"` // as a person finds it: a file, and the line
}

// How is a way in which a pod behaves.
type How string

// The ways.
const (
	Healthy       How = "healthy"        // starts, becomes ready, stays so
	CrashLoop     How = "crash-loop"     // starts, ends with an exit code, is started again with back-off
	OOM           How = "oom"            // the same, killed for want of memory
	NeverReady    How = "never-ready"    // starts and runs, and does not become ready
	BadImage      How = "bad-image"      // its image cannot be pulled
	Unschedulable How = "unschedulable"  // no node takes it
	Stuck         How = "stuck-deleting" // becomes ready, and does not go when it is deleted, unless it is forced to
	Completes     How = "completes"      // starts, ends with exit code 0
	Fails         How = "fails"          // starts, ends with an exit code, and with it its pod, if that says restartPolicy Never
)

// A Behaviour says how the pods that it fits behave.
type Behaviour struct {
	Pods      string `yaml:"pods"`      // label selector; every pod if not given
	Namespace string `yaml:"namespace"` // every namespace if not given
	// Image is a pattern with * for the images of containers: a pod fits if one of its containers has such an image, and these are the
	// ones that behave so. If it is not given, all containers of a pod that ends by itself do (completes, fails), and else its first.
	Image  string `yaml:"image"`
	Be     How    `yaml:"be"` // one of the ways below
	Manner `yaml:",inline"`
}

// A Manner is how a pod does what it does. Times count from what comes before.
type Manner struct {
	Starts time.Duration `yaml:"starts"` // from being scheduled to running: 2s if not given
	// from running to ready: 1s if not given. A container that goes wrong (crash-loop, oom, fails) does so while it starts, and
	// becomes ready before only if this is given.
	Ready    time.Duration `yaml:"ready"`
	Runs     time.Duration `yaml:"runs"`      // from running to its end, for the ways that end: 5s if not given
	Stops    time.Duration `yaml:"stops"`     // from being deleted to its end: 1s if not given
	ExitCode int           `yaml:"exit_code"` // for the ways that end: 1 if not given
	Message  string        `yaml:"message"`   // why, as kubectl describe shows it
	Logs     string        `yaml:"logs"`      // of each start of the container, a line each; "{time}" and "{pod}" are filled in
	Usage    Usage         `yaml:"usage"`     // as kubectl top shows it
}

// Usage is what a pod uses.
type Usage struct {
	CPU    string `yaml:"cpu"`    // such as 250m
	Memory string `yaml:"memory"` // such as 512Mi
}

// A Command answers for a command that is run in a container.
type Command struct {
	Pods      string `yaml:"pods"`      // label selector; every pod if not given
	Container string `yaml:"container"` // every container if not given
	Answer    `yaml:",inline"`
}

// An Answer is what a command does.
type Answer struct {
	Argv     []string      `yaml:"argv"`      // "*" is one argument, "..." at the end any rest
	Stdout   string        `yaml:"stdout"`    // what it prints
	Stderr   string        `yaml:"stderr"`    // what it prints as errors
	ExitCode int           `yaml:"exit_code"` // with which it ends
	Reads    bool          `yaml:"reads"`     // it only looks, as commands.reads of a site file says: "*" and "..." are then no options
	Takes    time.Duration `yaml:"takes"`     // how long it runs; no time if not given
}

// Host is a simulated machine. Nothing of a real one is there: it has the programs that commands name, and no others.
type Host struct {
	// of one of hosts that is a pod of the cluster: "pod/NAME", or what a ready pod is taken of, as "deployment/NAME". It is there as long as
	// one runs; its files outlive the pod, as on a volume. What exec runs there is in kubernetes.commands
	Pod       string `yaml:"pod"`
	Namespace string `yaml:"namespace"` // of the pod; that of the context if not given
	Container string `yaml:"container"` // of the pod; the one that kubectl takes if not given
	// that can be run on it; the first that fits answers. Where disks are named df is there and tells of them, so nothing is said of it here;
	// where files are, tail -n NUMBER FILE is
	Commands []Answer `yaml:"commands"`
	Files    []File   `yaml:"files"` // that are on it, beside the folders that they are in
	// where file systems are mounted, such as "/" or /var; a disk of 100 GiB at "/" if none is given
	Disks map[string]Disk `yaml:"disks"`
	Users []string        `yaml:"users"` // users and groups that it knows, besides root and those that files belong to
}

// File is a file of a simulated machine, a folder, a link, or many files of one kind.
type File struct {
	// absolute; with "{n}" in its name for many files. A byte that is no text is written \xff
	Path    string `yaml:"path"`
	Content string `yaml:"content"` // what is in it
	// instead of a content: how large it is, such as 10MiB. What is in it does not matter then, and takes no memory
	Size   Size          `yaml:"size"`
	Age    time.Duration `yaml:"age"`    // how long before the run it was changed last, such as 8d
	Owner  string        `yaml:"owner"`  // user:group; root:root if not given
	Mode   uint32        `yaml:"mode"`   // permissions, such as 0o640
	Link   string        `yaml:"link"`   // where it points, if it is a link
	Folder bool          `yaml:"folder"` // it is one
	Count  int           `yaml:"count"`  // how many files this stands for, numbered from 1
	Where  string        `yaml:"-"`      // as a person finds it, with a colon
}

// Disk is a file system of a simulated machine.
type Disk struct {
	Size       Size  `yaml:"size"`        // 100GiB if not given
	Used       Size  `yaml:"used"`        // by what is on it besides the scenario's files
	Inodes     int64 `yaml:"inodes"`      // how many files it can hold; it does not count them if not given
	InodesUsed int64 `yaml:"inodes_used"` // by what is on it besides the scenario's files
}

// Device is a simulated device, which the vendor's tool on a simulated host asks.
type Device struct {
	Driver  string            `yaml:"driver"`  // by which a runbook knows its tool; which simulated.yaml is beside, says what the tool prints
	On      string            `yaml:"on"`      // the host on which the tool is; the machine on which the run itself runs if not given
	Called  string            `yaml:"called"`  // what the tool calls it, where that is not its name here
	Address string            `yaml:"address"` // in the network; a device that is offline does not answer there
	Log     string            `yaml:"log"`     // path of its log: a file of that host, which it makes and writes to
	Vendor  Vendor            `yaml:"vendor"`  // who to call
	With    map[string]string `yaml:"with"`    // other words that the driver puts into its commands
	Has     map[string]any    `yaml:"has"`     // what the tool tells of it: serial, firmware, temperature, as its simulated.yaml has them
	State   string            `yaml:"state"`   // online, if not given; degraded, offline
	Logs    string            `yaml:"logs"`    // what its log holds, a line each; "{time}" is filled in
	Resets  time.Duration     `yaml:"resets"`  // how long a reset takes; as its simulated.yaml says if not given
	Lags    time.Duration     `yaml:"lags"`    // how long its tool shows it as it was when a reset has been accepted; no time if not given
	After   string            `yaml:"after"`   // what it is after a reset: online if not given
	// a lost link comes back when it is reconnected, and takes no reset; as its simulated.yaml says if not given
	Reconnects *bool `yaml:"reconnects"`
	Calibrates *bool `yaml:"calibrates"` // a calibration comes to an end, and holds; true if not given
	Silent     *bool `yaml:"silent"`     // its address does not answer, whatever its state
	Hangs      *bool `yaml:"hangs"`      // a tool that asks it gets no answer, and does not end
	Garbled    *bool `yaml:"garbled"`    // a tool that asks it prints nonsense, until it is reset
}

// Vendor is who made a device.
type Vendor struct {
	Name    string `yaml:"name"`    // of the vendor
	Contact string `yaml:"contact"` // how they are reached
}

// An Event is something that happens to the site: before the run (at: -10m) or during it (at: 30s). It has exactly one of become,
// apply, patch, delete, device, file, disk, object and fault.
type Event struct {
	At time.Duration `yaml:"at"` // when, from the scenario's clock: -10m is before the run, 30s during it
	// it happens again and again, so long after each other: every: 10s. A log that is written to, a disk that fills
	Every time.Duration `yaml:"every"`
	Times int           `yaml:"times"` // for every: how often in all; as long as the run lasts if not given
	// pods that are there then behave in this way from then on, one of the ways below; pods that replace them do not inherit it
	Become    How    `yaml:"become"`
	Pods      string `yaml:"pods"`      // for become: label selector
	Namespace string `yaml:"namespace"` // for become, patch and delete: the context's if not given
	Count     int    `yaml:"count"`     // for become: at most so many, by name, those that are well first; 0 for all
	Manner    `yaml:",inline"`
	Apply     map[string]any `yaml:"apply"`  // an object as for kubectl apply
	Patch     string         `yaml:"patch"`  // kind/name, with what changes in "with"
	With      map[string]any `yaml:"with"`   // what changes, as for kubectl patch: lists of containers are merged by name
	Delete    string         `yaml:"delete"` // kind/name
	// a device, by its name here, of which another state, has, hangs, garbled or the like stands in "with"
	Device string `yaml:"device"`
	// a file of a machine, by its path, of which what becomes of it stands in "with", as a filechange has it
	File string `yaml:"file"`
	// a disk that a machine names, by where it is mounted; what becomes of it stands in "with", as a diskchange has it
	Disk string `yaml:"disk"`
	On   string `yaml:"on"` // for file and disk: the host; the machine on which the run itself runs if not given
	// an object of the store, as bucket/key; what becomes of it stands in "with", as an objectchange has it
	Object string `yaml:"object"`
	Fault  *Fault `yaml:"fault"` // from then on
	Where  string `yaml:"-"`     // as a person finds it, "" for one that is in no scenario
}

// A FileChange is what becomes of a file: what stands in "with" of an event about one. A file that is not there is made, with the folders
// above it, where it gets something that is in it. On a disk that is full nothing is written.
type FileChange struct {
	Content *string `yaml:"content"` // what is in it from then on
	Append  *string `yaml:"append"`  // what is added at its end; "{time}" is filled in
	Size    *Size   `yaml:"size"`    // how large it is from then on, whatever is in it
	Grows   Size    `yaml:"grows"`   // how much is added, whatever it is
	Owner   string  `yaml:"owner"`   // user:group
	Mode    uint32  `yaml:"mode"`    // permissions, such as 0o640
	Gone    bool    `yaml:"gone"`    // it is removed, and what is in it if it is a folder
}

// A DiskChange is what becomes of a disk: what stands in "with" of an event about one.
type DiskChange struct {
	Size       *Size  `yaml:"size"`        // as for a disk
	Used       *Size  `yaml:"used"`        // as for a disk
	Grows      Size   `yaml:"grows"`       // how much more is used, as far as it has room
	Inodes     *int64 `yaml:"inodes"`      // as for a disk
	InodesUsed *int64 `yaml:"inodes_used"` // as for a disk
}

// An ObjectChange is what becomes of an object: what stands in "with" of an event about one. It is written anew, or removed.
type ObjectChange struct {
	Content      string            `yaml:"content"`       // what is in it
	Size         Size              `yaml:"size"`          // instead of a content: how large it is
	ContentType  string            `yaml:"content_type"`  // binary/octet-stream if not given
	StorageClass string            `yaml:"storage_class"` // STANDARD if not given
	Metadata     map[string]string `yaml:"metadata"`      // the user's own, with names in lower case
	Gone         bool              `yaml:"gone"`          // it is removed
}

// A Fault is an answer that goes wrong.
type Fault struct {
	// which calls: a verb and a resource as for kubectl auth can-i ("delete pods", "patch deployments/scale", "* pods",
	// "list *"), for S3 likewise ("get objects", "put objects", "list objects", "put uploads"), a message to a receiver by its name ("send
	// receivers"; to one that is an Alertmanager "create alerts"), a command on a machine ("run commands", with the program as its name and the host as its namespace), a look for a
	// program there ("find programs"), what is done with its files ("stat files", "find files" below a folder, "read files", "write files",
	// "remove files", "chown files", "rename files", with the path as the name and each file as a call) or a look at how full its disks are
	// ("read disks"), or a system alone: "kubernetes", "prometheus", "s3", "notify", "alertmanager", "host". Calls that
	// only ask what a change would do are counted on their own, so that a rehearsal and a run meet the same faults
	On        string `yaml:"on"`
	Name      string `yaml:"name"`      // of the object, a pattern with *, which stops at a slash; every one if not given
	Namespace string `yaml:"namespace"` // every namespace if not given; of S3, the bucket; of a machine, its name
	// an HTTP status from 400 to 599, of which a machine knows 503 (it is not reached) and 403 (it lets nobody in), and mail has its own
	// (451, 535, 550); of files 403 (permission denied), 423 (in use), 500 (input/output error), 503 (their machine is not reached) and 507 (no
	// space is left, for "write files"); "timeout" for a server that does not answer within a minute, and a command that hangs until it is ended; "cut" for a connection
	// that breaks; "half" for one that breaks in the middle of the answer; "slow" for an answer that takes its time
	Answer     string        `yaml:"answer"`
	Message    string        `yaml:"message"`     // what the server says; its usual words if not given
	RetryAfter time.Duration `yaml:"retry_after"` // for 429 and 503
	Takes      time.Duration `yaml:"takes"`       // for slow
	Real       bool          `yaml:"real"`        // leaves out calls that only ask what a change would do
	Done       bool          `yaml:"done"`        // the server does it all the same, and only the answer goes wrong
	Skip       int           `yaml:"skip"`        // calls that go well first
	Times      int           `yaml:"times"`       // how many calls go wrong: 1 if not given, -1 for every one
	Where      string        `yaml:"-"`           // as a person finds it, "" for one that is in no scenario
}

// S3 is a simulated object store. The run may do everything in it that its buckets allow.
type S3 struct {
	Region  string            `yaml:"region"`  // us-east-1 if not given
	Buckets map[string]Bucket `yaml:"buckets"` // by name
}

// Bucket is a bucket of an object store.
type Bucket struct {
	// "read" if the run may not change what is in it, "none" if it may not even look; anything if not given
	Allows  string         `yaml:"allows"`
	Objects []StoredObject `yaml:"objects"` // what is in it
}

// A StoredObject is an object in a bucket, or many of the same kind.
type StoredObject struct {
	Key     string `yaml:"key"`     // with "{n}", which is filled in, if there are several
	Count   int    `yaml:"count"`   // so many of them, numbered from 1: 1 if not given
	Content string `yaml:"content"` // what is in it
	// instead of a content: how large it is, such as 10MiB. What is in it does not matter then, and takes no memory
	Size Size `yaml:"size"`
	// how long before the run it was last written: 24h if not given
	Age          *time.Duration    `yaml:"age"`
	ContentType  string            `yaml:"content_type"`  // binary/octet-stream if not given
	StorageClass string            `yaml:"storage_class"` // STANDARD if not given
	Metadata     map[string]string `yaml:"metadata"`      // the user's own, with names in lower case
}

// Prometheus is a simulated Prometheus.
type Prometheus struct {
	// between two samples of a series, and between two evaluations of a rule: 1m if not given.
	Interval time.Duration `yaml:"interval"`
	Series   []Series      `yaml:"series"` // what it measured, and goes on to measure
	Rules    []Rule        `yaml:"rules"`  // what it alerts of
}

// A Series is one time series. What is written is its past: its last sample is at the scenario's clock. While the run lasts it goes on
// as it ended: 0+10x60 goes on growing by ten, "5x60" and "1 2 3" stay at their last value, and after "_" or "stale" there is nothing.
type Series struct {
	Series string `yaml:"series"` // such as up{job="photon"}
	// in the notation of promtool's tests, an item after the other: 1 (a value), 1x60 (a value and sixty more of it), 0+10x60
	// and 600-10x60 (sixty more, each ten more or less than the one before), _ and _x5 (no samples), stale (its target is gone), NaN, Inf,
	// {{schema:0 sum:5 count:4 buckets:[1 2 1]}} (a native histogram).
	Values string `yaml:"values"`
	// places the first sample instead of the last, from the scenario's clock: -1h. What is then after the clock is yet to come: with
	// from: -1h, 1x65 0x9 1 is a failure that begins six minutes into the run and is over ten minutes later.
	From *time.Duration `yaml:"from"`
	// nothing comes after the last sample. Queries find that one for five minutes more; after "stale" they do not.
	Ends bool `yaml:"ends"`
}

// Notify says who can be told of something. Their servers are simulated, so nothing says where they are, and there are no secrets; messages
// end in the outbox of the test, and nowhere else.
type Notify struct {
	Receivers map[string]contact.Receiver `yaml:"receivers"` // by the names by which a runbook knows them
}

// Alertmanager is a simulated Alertmanager.
type Alertmanager struct {
	Silences []Silence `yaml:"silences"` // that there are when the run begins
}

// A Silence is one that somebody made.
type Silence struct {
	Matchers []string      `yaml:"matchers"` // such as alertname="PhotonCompilerDown" or device_id=~"envise-.*"
	Ends     time.Duration `yaml:"ends"`     // when, from the scenario's clock; -10m is over already
	By       string        `yaml:"by"`       // who made it: "somebody" if not given
	Comment  string        `yaml:"comment"`  // why
}

// A Rule is an alerting rule, as in a rule file of Prometheus. It is evaluated from the first sample of any series on, so an alert may be
// firing when the run begins. Its alerts are the series ALERTS and ALERTS_FOR_STATE as well.
type Rule struct {
	Alert         string            `yaml:"alert"`           // its name
	Expr          string            `yaml:"expr"`            // PromQL; each of its results is an alert
	For           time.Duration     `yaml:"for"`             // how long it must hold before the alert fires
	KeepFiringFor time.Duration     `yaml:"keep_firing_for"` // how long the alert fires after it has ceased to hold
	Labels        map[string]string `yaml:"labels"`          // templates, with $labels and $value
	Annotations   map[string]string `yaml:"annotations"`     // likewise
}

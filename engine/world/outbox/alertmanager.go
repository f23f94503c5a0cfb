package outbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"runbook/engine/contact"
)

// apiPath is where the API begins.
const apiPath = "/api/v2/"

// A Silence is one as the API has it.
type Silence struct {
	ID        string    `json:"id,omitempty"`
	Matchers  []Matcher `json:"matchers"`
	StartsAt  time.Time `json:"startsAt"`
	EndsAt    time.Time `json:"endsAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	CreatedBy string    `json:"createdBy"`
	Comment   string    `json:"comment"`
	Status    struct {
		State string `json:"state"`
	} `json:"status"`
}

// A Matcher is one condition of a silence.
type Matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual"`
}

// An Alertmanager keeps silences, and the alerts that a run posts. Whom it would tell of them it does not know.
type Alertmanager struct {
	outbox *Outbox
	clock  Clock

	mu       sync.Mutex
	silences []*Silence
	alerts   map[string]*alert // by their labels
}

// An alert, as the API has it.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	Generator   string            `json:"generatorURL"`
}

// NewAlertmanager makes one with the silences that there are. Alerts that arrive are kept in the outbox.
func NewAlertmanager(outbox *Outbox, clock Clock, silences []Silence) *Alertmanager {
	a := &Alertmanager{outbox: outbox, clock: clock, alerts: map[string]*alert{}}
	for _, s := range silences {
		a.add(s)
	}
	return a
}

// add gives a silence an id. They are counted, so that each run finds the same.
func (a *Alertmanager) add(s Silence) string {
	s.ID = fmt.Sprintf("00000000-0000-4000-8000-%012d", len(a.silences)+1)
	s.UpdatedAt = a.clock.Now()
	a.silences = append(a.silences, &s)
	return s.ID
}

// Describe says what a request asks for, in the words of a scenario's faults: "list silences", "create alerts".
func Describe(r *http.Request) (verb, resource, name string) {
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, apiPath), "/")
	resource, name, _ = strings.Cut(path, "/")
	if resource == "silence" {
		resource = "silences"
	}
	switch {
	case r.Method == http.MethodPost:
		return "create", resource, name
	case r.Method == http.MethodDelete:
		return "delete", resource, name
	case r.Method == http.MethodGet && name == "":
		return "list", resource, name
	case r.Method == http.MethodGet:
		return "get", resource, name
	}
	return strings.ToLower(r.Method), resource, name
}

// ServeHTTP answers as Alertmanager does.
func (a *Alertmanager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch verb, resource, name := Describe(r); {
	case resource == "silences" && verb == "list":
		sayJSON(w, http.StatusOK, a.list())
	case resource == "silences" && verb == "create":
		a.silence(w, r)
	case resource == "silences" && (verb == "get" || verb == "delete"):
		a.one(w, verb, name)
	case resource == "alerts" && verb == "list":
		sayJSON(w, http.StatusOK, a.firing())
	case resource == "alerts" && verb == "create":
		a.post(w, r)
	default:
		sayJSON(w, http.StatusNotFound, map[string]any{"code": http.StatusNotFound, "message": "path " + r.URL.Path + " was not found"})
	}
}

// RefuseAlertmanager answers as Alertmanager words a refusal: its message as a JSON text.
func RefuseAlertmanager(w http.ResponseWriter, _ *http.Request, code int, message string, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((retryAfter+time.Second-1)/time.Second)))
	}
	sayJSON(w, code, cmp.Or(message, http.StatusText(code)))
}

// list are the silences as they are now: the active ones first, those that end first before the others.
func (a *Alertmanager) list() []Silence {
	order := map[string]int{"active": 0, "pending": 1, "expired": 2}
	out := make([]Silence, 0, len(a.silences))
	for _, s := range a.silences {
		out = append(out, a.present(s))
	}
	slices.SortStableFunc(out, func(x, y Silence) int {
		return cmp.Or(cmp.Compare(order[x.Status.State], order[y.Status.State]), x.EndsAt.Compare(y.EndsAt))
	})
	return out
}

func (a *Alertmanager) present(s *Silence) Silence {
	out, now := *s, a.clock.Now()
	out.Status.State = "active"
	switch {
	case !out.EndsAt.After(now):
		out.Status.State = "expired"
	case out.StartsAt.After(now):
		out.Status.State = "pending"
	}
	return out
}

func (a *Alertmanager) silence(w http.ResponseWriter, r *http.Request) {
	var s Silence
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, largest)).Decode(&s)
	fault := ""
	if err == nil && len(s.Matchers) == 0 {
		sayJSON(w, http.StatusUnprocessableEntity, map[string]any{"code": 612, "message": "matchers in body should have at least 1 items"})
		return
	}
	switch {
	case err != nil:
		fault = "the body is no silence: " + err.Error()
	case !slices.ContainsFunc(s.Matchers, Matcher.asks):
		fault = "invalid silence: matcher set 0: at least one matcher must not match the empty string"
	case !s.EndsAt.After(s.StartsAt):
		fault = "Failed to create silence: start time must be before end time"
	case !s.EndsAt.After(a.clock.Now()):
		fault = "Failed to create silence: end time can't be in the past"
	}
	if fault != "" {
		RefuseAlertmanager(w, r, http.StatusBadRequest, fault, 0)
		return
	}
	sayJSON(w, http.StatusOK, map[string]string{"silenceID": a.add(s)})
}

// asks tells whether a matcher wants the label to be there. Of one that excludes a value Alertmanager thinks that it does.
func (m Matcher) asks() bool {
	if m.IsEqual != nil && !*m.IsEqual {
		return true
	}
	empty := m.Value == ""
	if m.IsRegex {
		expression, err := regexp.Compile("^(?:" + m.Value + ")$")
		empty = err != nil || expression.MatchString("")
	}
	return !empty
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (a *Alertmanager) one(w http.ResponseWriter, verb, id string) {
	if !uuid.MatchString(id) {
		sayJSON(w, http.StatusUnprocessableEntity, map[string]any{"code": 601, "message": fmt.Sprintf("silenceID in path must be of type uuid: %q", id)})
		return
	}
	at := slices.IndexFunc(a.silences, func(s *Silence) bool { return s.ID == id })
	switch {
	case at < 0:
		w.WriteHeader(http.StatusNotFound)
	case verb == "get":
		sayJSON(w, http.StatusOK, a.present(a.silences[at]))
	default:
		if now := a.clock.Now(); a.silences[at].EndsAt.After(now) { // one that is over stays so
			a.silences[at].EndsAt = now
		}
		w.WriteHeader(http.StatusOK)
	}
}

// post takes alerts. One of the same labels is the same.
func (a *Alertmanager) post(w http.ResponseWriter, r *http.Request) {
	var list []*alert
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, largest)).Decode(&list); err != nil {
		sayJSON(w, http.StatusBadRequest, map[string]any{"code": http.StatusBadRequest, "message": err.Error()})
		return
	}
	for _, one := range list {
		if len(one.Labels) == 0 {
			RefuseAlertmanager(w, r, http.StatusBadRequest, "at least one label pair required", 0)
			return
		}
	}
	now := a.clock.Now()
	for _, one := range list {
		before := a.alerts[labelsText(one.Labels)]
		a.alerts[labelsText(one.Labels)] = one
		event := "trigger"
		if !one.EndsAt.After(now) {
			if event = "resolve"; before == nil || !before.EndsAt.After(now) {
				continue // of the end of what did not fire nobody is told
			}
		}
		a.outbox.keep(Message{
			Receiver: contact.KindAlertmanager, Kind: contact.KindAlertmanager, Event: event, Key: one.Labels["alertname"],
			Title: one.Annotations["summary"], Text: one.Annotations["description"], Severity: one.Labels["severity"], Labels: one.Labels,
		})
	}
	w.WriteHeader(http.StatusOK)
}

// firing are the alerts that have not ended.
func (a *Alertmanager) firing() []*alert {
	out := []*alert{}
	for _, name := range slices.Sorted(maps.Keys(a.alerts)) {
		if one := a.alerts[name]; one.EndsAt.After(a.clock.Now()) {
			out = append(out, one)
		}
	}
	return out
}

func labelsText(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "%s=%q,", name, labels[name])
	}
	return b.String()
}

package notify

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

// labelled are the words that Alertmanager's routes usually go by.
var labelled = map[string]string{"P0": "critical", "P1": "critical", "P2": "warning", "P3": "info"}

// plainName is the name of a label that needs no quotes where it is written. Alertmanager takes every other text as well (since 0.27): those
// that come by OpenTelemetry are called service.name.
var plainName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func quotedName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return quoted(name)
}

// A fired alert, as Alertmanager takes it.
type fired struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    string            `json:"startsAt,omitempty"`
	EndsAt      string            `json:"endsAt,omitempty"`
	Generator   string            `json:"generatorURL,omitempty"`
}

func (b *binding) alertFunc() module.Func {
	return module.Func{
		Name: "alert",
		Doc: `Posts an alert to the site's Alertmanager, which passes it on to whom its labels say.

An alert of the same labels is the same. It ends when it is resolved, or by itself after a while (lasts).`,
		Params: []module.Param{
			{Name: "name", Kind: module.String, Required: true, Doc: "its label alertname"},
			{Name: "options", Kind: module.Object, Doc: "what it says", Fields: []module.Param{
				{Name: "labels", Kind: module.Object, Doc: `what else it is known by: { team = "photon" }`},
				{Name: "severity", Kind: module.String, Enum: contact.Severities, Doc: "its label severity: critical of P0 and P1, warning of P2, info of P3"},
				{Name: "summary", Kind: module.String, Payload: true, Doc: "a line that says what has happened"},
				{Name: "description", Kind: module.String, Payload: true, Doc: "as much as there is to say"},
				{Name: "link", Kind: module.String, Payload: true, Doc: "address of a page to read on"},
				{Name: "lasts", Kind: module.Duration, Default: time.Hour, Doc: "how long it fires if nobody resolves it: 1 hour if not given"},
				{Name: "resolved", Kind: module.Boolean, Doc: "it is over"},
				requiredParam,
			}},
		},
		Returns:  resultType,
		Errors:   sending,
		Examples: []string{`notify.alert("CacheCleared", { labels = { team = "photon" }, severity = "P3", summary = "the cache was cleared" })`},
		Act:      b.newAlert,
		Kinds:    []string{alerts},
	}
}

// An announcement is an alert that a script posts.
type announcement struct {
	b           *binding
	name        string
	labels      map[string]string
	annotations map[string]string
	link        string
	lasts       time.Duration
	resolved    bool
}

// A tolerated announcement is one whose failure does not end the script.
type toleratedAnnouncement struct{ announcement }

// Failed is what the call returns.
func (toleratedAnnouncement) Failed(err error) any { return undelivered(err) }

func (b *binding) newAlert(args module.Args) (action.Action, error) {
	a := announcement{b: b, name: args.String("name"), link: args.String("link"), resolved: args.Bool("resolved"), annotations: map[string]string{}}
	a.lasts, _ = args.Duration("lasts")
	a.labels = map[string]string{"alertname": a.name}
	given, _ := args["labels"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		text, err := textOf(given[name])
		if err != nil || !contact.IsLabelName(name) {
			return nil, action.Errorf(action.CodeInvalid, "notify.alert: labels: %q must be a name such as team, with a text", name)
		}
		if name == "alertname" && text != a.name {
			return nil, action.Errorf(action.CodeInvalid, "notify.alert: labels: alertname is the name that is given already, %s", a.name)
		}
		a.labels[name] = text
	}
	switch {
	case a.name == "":
		return nil, action.Errorf(action.CodeInvalid, "notify.alert: name is empty")
	case a.lasts <= 0:
		return nil, action.Errorf(action.CodeInvalid, "notify.alert: lasts must be more than nothing, got %s", a.lasts)
	}
	if a.link = oneLine(a.link); a.link != "" && !isPage(a.link) { // Alertmanager refuses the whole alert for it
		a.annotations["link"], a.link = a.link, ""
	}
	if severity := args.String("severity"); severity != "" {
		a.labels["severity"] = labelled[severity]
	}
	for _, name := range []string{"summary", "description"} {
		if text := args.String(name); text != "" {
			a.annotations[name] = text
		}
	}
	if args.Bool(requiredParam.Name) {
		return a, nil
	}
	return toleratedAnnouncement{a}, nil
}

func (a announcement) Describe() action.Description {
	d := action.Description{
		Verb: "notify.alert", Target: action.Target{System: system, Kind: alerts, Name: a.name}, Idempotent: true,
		Identity: []action.Arg{{Name: "labels", Value: a.labels}, {Name: "resolved", Value: a.resolved}},
	}
	for _, name := range slices.Sorted(maps.Keys(a.annotations)) {
		d.Payload = append(d.Payload, action.Arg{Name: name, Value: a.annotations[name]})
	}
	return d
}

func (a announcement) fired(ctx context.Context) fired {
	f := fired{Labels: a.labels, Annotations: a.annotations, Generator: a.link}
	f.times(present(ctx), a.lasts, a.resolved)
	return f
}

// present is the time from which on something lasts. The run's own time may be over: it stands still while a person is asked, and a run that is
// taken up again sends what it had begun to send with the time that it was then. In a dry run it is ahead.
func present(ctx context.Context) time.Time {
	now, outside := module.Now(ctx), module.OutsideOf(ctx).Now()
	if outside.After(now) {
		return outside
	}
	return now
}

func (f *fired) times(now time.Time, lasts time.Duration, over bool) {
	f.StartsAt, f.EndsAt = now.UTC().Format(time.RFC3339Nano), now.Add(lasts).UTC().Format(time.RFC3339Nano)
	if over {
		f.EndsAt = f.StartsAt
	}
}

// preview is the alert as a person reads it.
func (f fired) preview(over bool) string {
	state := "firing until " + f.EndsAt
	if ends, err := time.Parse(time.RFC3339Nano, f.EndsAt); err == nil {
		state = "firing until " + ends.Format(time.RFC3339)
	}
	if over {
		state = resolved
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		pairs = append(pairs, quotedName(name)+"="+quoted(f.Labels[name]))
	}
	lines := []string{"{" + strings.Join(pairs, ", ") + "} " + state}
	for _, name := range slices.Sorted(maps.Keys(f.Annotations)) {
		lines = append(lines, name+": "+f.Annotations[name])
	}
	return strings.Join(lines, "\n")
}

func quoted(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return string(out)
}

// Predict shows the alert. Alertmanager takes every alert that is well-formed.
func (a announcement) Predict(ctx context.Context, _ action.View) (action.Prediction, error) {
	if _, err := a.b.Site().Alertmanager.base(); err != nil {
		return action.Prediction{}, err
	}
	return action.Prediction{Value: delivered(""), Label: action.Assumed, Preview: a.fired(ctx).preview(a.resolved)}, nil
}

// Apply posts it.
func (a announcement) Apply(ctx context.Context, _ action.Prediction) (action.Result, error) {
	err := a.b.within(ctx, contact.Receiver{Timeout: patience}, func(ctx context.Context) error {
		return a.b.ask(ctx, "post the alert "+a.name, http.MethodPost, "alerts", []fired{a.fired(ctx)}, nil)
	})
	if err != nil {
		return action.Result{}, err
	}
	return action.Result{Value: delivered("")}, nil
}

// Settle: an alert of the same labels is the same.
func (announcement) Settle(context.Context, action.Intent) (action.Settlement, error) {
	return action.SendAgain, nil
}

// lastsAtLeast is how long a message to a receiver that is an Alertmanager fires.
const lastsAtLeast = time.Hour

// forAlertmanager makes an alert of a message. What it is known by is the key, or else its title.
func (b *binding) forAlertmanager(ctx context.Context, to contact.Alert, l letter) (parcel, error) {
	name := l.Key
	if name == "" {
		name = l.Title
	}
	f := fired{Labels: map[string]string{"alertname": name}, Annotations: map[string]string{}}
	if isPage(l.Link) {
		f.Generator = l.Link
	}
	if l.Severity != "" {
		f.Labels["severity"] = labelled[l.Severity]
	}
	maps.Copy(f.Labels, to.Labels)
	for name, text := range map[string]string{"summary": l.Title, "description": body(l.Message), "runbook": l.Runbook} {
		if text != "" {
			f.Annotations[name] = text
		}
	}
	f.times(present(ctx), lastsAtLeast, l.over)
	posted := []fired{f}
	if to.Labels["severity"] == "" {
		posted = append(posted, f.others()...)
	}
	return parcel{
		preview: f.preview(l.over), id: name,
		send: func(ctx context.Context) error {
			return b.ask(ctx, "post the alert "+name, http.MethodPost, "alerts", posted, nil)
		},
	}, nil
}

// others are the ends of the alerts that the same incident has with other severities. By its labels Alertmanager takes each for an alert of its
// own, which would go on when the incident is over, or has another severity by now. Of an end of what did not fire it tells nobody.
func (f fired) others() (ends []fired) {
	for _, severity := range []string{"", "critical", "warning", "info"} {
		if severity == f.Labels["severity"] {
			continue
		}
		end := f
		end.Labels, end.EndsAt = maps.Clone(f.Labels), f.StartsAt
		delete(end.Labels, "severity")
		if severity != "" {
			end.Labels["severity"] = severity
		}
		ends = append(ends, end)
	}
	return ends
}

package prometheus

import (
	"cmp"
	"context"
	"slices"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) targetsFunc() module.Func {
	return module.Func{
		Name: "targets",
		Doc:  "Lists what Prometheus scrapes, and how that goes.",
		Params: []module.Param{{Name: "options", Kind: module.Object, Doc: "which of them", Fields: []module.Param{
			{Name: "state", Kind: module.String, Enum: []string{"up", "down", "unknown"}, Doc: "only those whose health is that; unknown until they were scraped once"},
			{Name: "job", Kind: module.String, Doc: "only those of that job"},
		}}},
		Returns: module.Result{
			Type: "prometheus.Target[]",
			Doc: "{ job, instance, health, last_error, last_scrape, last_duration, url, labels }, in the order of job and instance; last_error only where there is one; " +
				"times in seconds, last_scrape since 1970",
		},
		Errors:   asking,
		Examples: []string{`for _, target in ipairs(prometheus.targets({ state = "down" })) do log({ job = target.job, instance = target.instance, error = target.last_error }) end`},
		Read: func(args module.Args) (action.Read, error) {
			return plainRead{b, "prometheus.targets", "targets", given(args, "state", "job"), func(ctx context.Context, api v1.API) (any, error) {
				found, err := api.Targets(ctx)
				if err == nil && found.Active == nil {
					err = errNoList
				}
				return targetsOf(found.Active, args.String("state"), args.String("job")), err
			}}, nil
		},
	}
}

// A target is one that is scraped.
type target struct {
	Job          string            `json:"job"`
	Instance     string            `json:"instance"`
	Health       string            `json:"health"`
	LastError    string            `json:"last_error,omitempty"`
	LastScrape   *float64          `json:"last_scrape,omitempty"`
	LastDuration *float64          `json:"last_duration,omitempty"`
	URL          string            `json:"url"`
	Labels       map[string]string `json:"labels"`
}

// targetsOf are those of that health and job; an empty text fits all. What an address asks for, and who asks, is left out of it: there may
// be credentials in it.
func targetsOf(found []v1.ActiveTarget, state, job string) []target {
	out := []target{}
	for _, t := range found {
		one := target{
			Job: string(t.Labels["job"]), Instance: string(t.Labels["instance"]), Health: string(t.Health), LastError: t.LastError,
			LastScrape: timeOf(t.LastScrape), LastDuration: number(t.LastScrapeDuration), URL: WithoutUser(stripped(t.ScrapeURL)), Labels: labelsOf(t.Labels),
		}
		if (state == "" || state == one.Health) && (job == "" || job == one.Job) {
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b target) int {
		return cmp.Or(cmp.Compare(a.Job, b.Job), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.URL, b.URL))
	})
	return out
}

// timeOf is a time as scripts have it, nil for one that has not come.
func timeOf(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	s := seconds(t)
	return &s
}

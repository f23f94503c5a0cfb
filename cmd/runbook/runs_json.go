package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"runbook/engine/journal"
)

// runsSchema names the form of `runs -o json`. Fields may be added under the same name; a change that would mislead a reader takes a
// new one.
const runsSchema = "runbook/runs/v1"

// runsReport is `runs -o json`: a contract with programs. Lists are never null.
type runsReport struct {
	Schema     string          `json:"schema" doc:"runbook/runs/v1"`
	Runs       []listedRun     `json:"runs" doc:"the newest first"`
	More       int             `json:"more" doc:"how many older ones --limit left out"`
	Unreadable []unreadableRun `json:"unreadable" doc:"runs that cannot be listed: id, dir and error"`
}

// listedRun is one run. What a journal has is called as it is there.
type listedRun struct {
	ID      string            `json:"id" doc:"the run's id"`
	Dir     string            `json:"dir" doc:"its directory, with its journal in journal.jsonl"`
	Time    time.Time         `json:"time" doc:"when it began"`
	Runbook string            `json:"runbook" doc:"name of the runbook"`
	Path    string            `json:"path" doc:"path of the script"`
	Source  string            `json:"source" doc:"where it was found: shipped, system, user, project or file"`
	Version string            `json:"version" doc:"version of runbook"`
	Mode    journal.Mode      `json:"mode" doc:"dry-run or run"`
	Plan    string            `json:"plan" doc:"checksum of the plan that it applies; empty if it applies none"`
	User    string            `json:"user" doc:"who ran it"`
	Host    string            `json:"host" doc:"on which machine"`
	Site    map[string]string `json:"site" doc:"what identifies the site: context, namespace, server, site"`
	Params  map[string]any    `json:"params" doc:"its parameters by name; secrets as [secret]"`
	Status  journal.Status    `json:"status" doc:"ok, failed, declined, refused, drift, timeout, memory, interrupted, running or died"`
	Exit    *int              `json:"exit" doc:"exit code; null as long as there is none"`
	Actions int               `json:"actions" doc:"how many were done, or intended; running or died: how many it set out to do"`
	Elapsed time.Duration     `json:"elapsed" doc:"nanoseconds up to its last record, by the run's clock"`
	Verdict *journal.Verdict  `json:"verdict" doc:"state, reason, assumed; null if the script gave none"`
	Error   *journal.Error    `json:"error" doc:"why it ended early; null if it did not"`
}

type unreadableRun struct {
	ID    string `json:"id"`
	Dir   string `json:"dir"`
	Error string `json:"error"`
}

func reportOf(h history) runsReport {
	report := runsReport{Schema: runsSchema, Runs: []listedRun{}, More: h.more, Unreadable: []unreadableRun{}}
	for _, s := range h.runs {
		report.Runs = append(report.Runs, listedRunOf(s))
	}
	for _, u := range h.unreadable {
		report.Unreadable = append(report.Unreadable, unreadableRun{u.dir.ID(), string(u.dir), u.err.Error()})
	}
	return report
}

func listedRunOf(s *journal.Summary) listedRun {
	run := s.Run
	l := listedRun{
		ID: s.Dir.ID(), Dir: string(s.Dir), Time: s.Began, Runbook: run.Runbook, Path: run.Path, Source: run.Source, Version: run.Version,
		Mode: run.Mode, Plan: run.Plan, User: run.User, Host: run.Host, Site: run.Site, Params: run.Params,
		Status: s.Status, Actions: s.Actions, Elapsed: s.Elapsed, Verdict: s.Verdict,
	}
	if l.Site == nil {
		l.Site = map[string]string{}
	}
	if l.Params == nil {
		l.Params = map[string]any{}
	}
	if s.End != nil {
		l.Exit, l.Error = &s.End.Exit, s.End.Error
	}
	return l
}

// runsFormat explains the document, from its types.
func runsFormat() string {
	return "-o json prints one object:\n" + fieldLines(reflect.TypeFor[runsReport]()) + "Each of runs has:\n" + fieldLines(reflect.TypeFor[listedRun]())
}

func fieldLines(t reflect.Type) string {
	var b strings.Builder
	names, widest := make([]string, t.NumField()), 0
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
		widest = max(widest, len(names[i]))
	}
	for i, name := range names {
		fmt.Fprintf(&b, "  %-*s  %s\n", widest, name, t.Field(i).Tag.Get("doc"))
	}
	return b.String()
}

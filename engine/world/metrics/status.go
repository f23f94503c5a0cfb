package metrics

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/common/model"
)

// version is that of the Prometheus whose engine this is.
const version = "3.15.1"

func (m *Metrics) statusBuild(question) answer {
	return answer{data: struct {
		Version   string `json:"version"`
		Revision  string `json:"revision"`
		Branch    string `json:"branch"`
		BuildUser string `json:"buildUser"`
		BuildDate string `json:"buildDate"`
		GoVersion string `json:"goVersion"`
	}{Version: version, Branch: "scenario", GoVersion: runtime.Version()}}
}

// statusRuntime is that of a server which has run for as long as there is data, and in which nothing is worth noting.
func (m *Metrics) statusRuntime(q question) answer {
	return answer{data: struct {
		StartTime           time.Time `json:"startTime"`
		CWD                 string    `json:"CWD"`
		Hostname            string    `json:"hostname"`
		ServerTime          time.Time `json:"serverTime"`
		ReloadConfigSuccess bool      `json:"reloadConfigSuccess"`
		LastConfigTime      time.Time `json:"lastConfigTime"`
		CorruptionCount     int64     `json:"corruptionCount"`
		GoroutineCount      int       `json:"goroutineCount"`
		GOMAXPROCS          int       `json:"GOMAXPROCS"`
		GOMEMLIMIT          int64     `json:"GOMEMLIMIT"`
		GOGC                string    `json:"GOGC"`
		GODEBUG             string    `json:"GODEBUG"`
		StorageRetention    string    `json:"storageRetention"`
	}{
		StartTime: m.evaluator.first, CWD: "/prometheus", Hostname: "prometheus", ServerTime: q.now.UTC(), ReloadConfigSuccess: true,
		LastConfigTime: m.evaluator.first, GoroutineCount: 1, GOMAXPROCS: 1, StorageRetention: "15d",
	}}
}

func (m *Metrics) statusConfig(question) answer {
	interval := model.Duration(m.interval)
	return answer{data: map[string]string{
		"yaml": fmt.Sprintf("global:\n  scrape_interval: %s\n  evaluation_interval: %s\n", interval, interval),
	}}
}

// statusFlags are those that say how questions are answered.
func (m *Metrics) statusFlags(question) answer {
	return answer{data: map[string]string{
		"query.lookback-delta": model.Duration(lookback).String(),
		"query.max-samples":    fmt.Sprint(maxSamples),
		"query.timeout":        model.Duration(timeout).String(),
		"web.enable-admin-api": "false",
		"web.enable-lifecycle": "false",
	}}
}

func (m *Metrics) statusReplay(question) answer {
	return answer{data: map[string]int{"min": 0, "max": 0, "current": 0}}
}

// admin is switched off in a Prometheus without flags.
func (m *Metrics) admin(question) answer {
	return failed(unavailable, errors.New("admin APIs disabled"))
}

// lifecycle are the pages of a server's health, and those that a Prometheus without flags refuses.
func (m *Metrics) lifecycle(mux *http.ServeMux) {
	say := func(pattern string, status int, text string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text) // a client that went away is no failure of ours
		})
	}
	say("GET /-/healthy", http.StatusOK, "Prometheus Server is Healthy.\n")
	say("GET /-/ready", http.StatusOK, "Prometheus Server is Ready.\n")
	for _, path := range []string{"/-/quit", "/-/reload"} {
		say("GET "+path, http.StatusMethodNotAllowed, "Only POST or PUT requests allowed")
		say("POST "+path, http.StatusForbidden, "Lifecycle API is not enabled.")
		say("PUT "+path, http.StatusForbidden, "Lifecycle API is not enabled.")
	}
}

package main

import (
	"context"
	"path/filepath"
	"time"
)

// Work is something to be done by us and by a peer.
type work interface {
	title() string
	// measure does it in so many rounds, each side once a round.
	measure(ctx context.Context, h home, rounds int) (row, error)
}

// namespace is where `lab pods` puts the ten thousand pods.
const namespace = "bench"

// logsNamespace is where `lab talkers` puts eight pods with 51 MB of logs.
const logsNamespace = "bench-logs"

// allWork is what is compared, and what is to be reached. Tree is the large cache.
func allWork(source, kubectl, s5cmd, tree string, at lab) []work {
	runbook := filepath.Join(source, "bin", "runbook")
	script := func(name string) string { return filepath.Join(source, "examples", "lab", "bench", "scripts", name) }
	table := []string{"compiler-00000 1/1 Running 0", "gateway-09999 1/1 Running 0"}
	return []work{
		comparison{
			name: "runbook list / kubectl version --client",
			ours: side{do: pipeline{{runbook, "list"}}, says: []string{"compiler-down"}},
			peer: side{do: pipeline{{kubectl, "version", "--client"}}, says: []string{"Client Version"}},
			aim:  aim{time: 0.5},
			each: 4, // it is over in no time
		},
		comparison{
			name: "daily health check / bash, curl and jq",
			ours: side{
				do:   pipeline{{runbook, "run", "daily-health-check", "--site", at.site(), "-p", "paths=tmp", "-p", "disk=99.9"}},
				says: []string{"Compilations:", "envise-1 lightmatter"},
				exit: 10, // the lab's own fault: a device is offline
			},
			peer: side{
				do:   pipeline{{"bash", script("daily-health-check.sh"), kubectl, at.prometheus()}},
				says: []string{"Total:", "envise-1:", "Storage usage:"},
			},
			aim:  aim{time: 0.35},
			each: 3,
		},
		gateCost{
			name: "call through the gate / plain call", source: source,
			most: 20 * time.Microsecond,
		},
		comparison{
			name: "10,000 pods by label / kubectl | jq",
			ours: side{do: pipeline{{runbook, "run", script("group.lua")}}, says: []string{"compiler: 2000", "gateway: 2000"}},
			peer: side{
				do: pipeline{
					{kubectl, "get", "pods", "--namespace", namespace, "-o", "json"},
					{"jq", "-r", `.items | group_by(.metadata.labels.app)[] | "\(.[0].metadata.labels.app) \(length)"`},
				},
				says: []string{"compiler 2000", "gateway 2000"},
			},
			aim: aim{time: 0.15, memory: 0.3},
		},
		comparison{
			name: "10,000 pods as a table / kubectl get",
			ours: side{do: pipeline{{runbook, "run", script("table.lua")}}, says: table},
			peer: side{do: pipeline{{kubectl, "get", "pods", "--namespace", namespace}}, says: table},
			aim:  aim{time: 0.5, memory: 0.5},
		},
		comparison{
			name: "last errors in 8 logs / kubectl | grep",
			ours: side{do: pipeline{{runbook, "run", script("errors.lua")}}, says: []string{"talker-"}},
			peer: side{
				do: pipeline{
					{kubectl, "logs", "--namespace", logsNamespace, "--selector", "app=talker", "--tail=-1", "--max-log-requests=8"},
					{"grep", "-i", "error"},
					{"tail", "-20"},
				},
				says: []string{"ERROR request failed"},
			},
			aim: aim{time: 0.3},
		},
		comparison{
			name: "S3 sync down, 3,004 objects, 402 MB / s5cmd",
			ours: side{
				do:   pipeline{{"bash", script("sync.sh"), at.folder, runbook, "run", script("sync.lua"), "--yes", "-p"}},
				says: []string{"3004 files"},
			},
			peer: side{do: pipeline{{"bash", script("s5cmd.sh"), at.folder, s5cmd}}, says: []string{"3004 files"}},
			aim:  aim{time: 1},
		},
		comparison{
			name: "old files among 200,000 / find | wc",
			ours: side{do: pipeline{{runbook, "run", script("old.lua"), "-p", "root=" + tree}}, says: []string{"old: 2000"}},
			peer: side{do: pipeline{{"find", tree, "-type", "f", "-mmin", "+10080"}, {"wc", "-l"}}, says: []string{"2000"}},
			aim:  aim{time: 0.7},
			each: 2,
		},
	}
}

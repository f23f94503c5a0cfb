package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"runbook/bindings/device"
	"runbook/bindings/host"
	"runbook/bindings/kubernetes"
	"runbook/bindings/notify"
	"runbook/bindings/prometheus"
	"runbook/bindings/s3"
	"runbook/engine/files/remote"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/wall"
)

// modules are those of the run of that id, at a venue.
func modules(ctx context.Context, at venue, id string, second walls, r *redact.Redactor) []*module.Module {
	cluster := clusterConfig(at, id, second.cluster, r)
	own := lookingOnEach(ctx, at)
	on := machinesOf(at, ways{clean: r.String, cluster: cluster}, own, second.machines)
	disks := disksOf(at, on, second.machines)
	return []*module.Module{
		kubernetes.New(cluster),
		metricsModule(at, id, second.metrics, r),
		hostModule(at, on, disks, own, r),
		deviceModule(ctx, at, on, r),
		storeModule(at, id, disks, second.store, r),
		contactsModule(at, id, second.contacts, r),
	}
}

// declared are the modules as data: enough to load a script and to describe them, not to call them.
func declared() []*module.Module {
	return []*module.Module{
		kubernetes.New(kubernetes.Config{}),
		prometheus.New(prometheus.Config{}),
		host.New(host.Config{}),
		device.New(device.Config{}),
		s3.New(s3.Config{}),
		notify.New(notify.Config{}),
	}
}

// walls are the second walls under the clients of the modules, each with the module's own list of reads. Those of a real run are nil.
type walls struct{ cluster, metrics, machines, store, contacts *wall.Wall }

// secondWalls refuse to send whatever is no read, in a dry run at a venue.
func secondWalls(ctx context.Context, at systems) walls {
	return walls{
		cluster:  wall.New(kubernetes.Reads(slices.Concat(at.commands().reads, remote.Reads, device.Pings), slices.Collect(maps.Values(lookingOnEach(ctx, at)))...), nil),
		metrics:  wall.New(prometheus.Reads(at.metrics().Access), nil),
		machines: wall.New(nil, nil).Letting(lookingOnMachines(at)),
		store:    wall.New(s3.Reads(at.store().Access), nil),
		contacts: wall.New(notify.Reads(func() notify.Server { return at.contacts().Alertmanager }), nil),
	}
}

// closedWalls let nothing through: a replay asks no site.
func closedWalls() walls {
	closed := wall.New(func(*http.Request, []byte) error { return errors.New("a replay asks no site") }, nil)
	return walls{closed, closed, closed, closed, closed}
}

package main

import (
	"cmp"
	"math"

	"runbook/bindings/s3"
	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/site"
	"runbook/engine/wall"
	worlds3 "runbook/engine/world/s3"
)

// storeKey is the key under which the object store of a site stands in what identifies it.
const storeKey = "s3"

// storeModule is the s3 module of the run of that id, at a venue. The second wall is nil in a real run.
func storeModule(at systems, id string, disks machine.Set[files.System], second *wall.Wall, r *redact.Redactor) *module.Module {
	cfg := at.store()
	cfg.Machines, cfg.WrapTransport, cfg.Secrets, cfg.UserAgent = disks, clientsUnder(second, r), r, userAgent(id)
	return s3.New(cfg)
}

func (l liveSite) store() s3.Config {
	return s3.Config{Access: func() s3.Access { return storeAccess(l.file.S3) }}
}

func storeAccess(of site.S3) s3.Access {
	return s3.Access{Profile: of.Profile, Region: of.Region, Endpoint: of.Endpoint, PathStyle: of.PathStyle}
}

// store is the world's object store, which is open by the time that it is asked for. One object at a time: which of several meets a fault
// would be chance. Nobody waits for memory there: who does counts as one who works, so that the site's time would stand still, in which who has
// the memory may wait for an answer.
func (s *simulatedSite) store() s3.Config {
	return s3.Config{AtOnce: 1, Held: math.MaxInt64, Access: func() s3.Access {
		return s3.Access{
			Endpoint: s.world.S3(), Region: cmp.Or(s.scenario.S3.Region, worlds3.Region), PathStyle: true,
			Keys: s3.Keys{Access: worlds3.AccessKey, Secret: worlds3.SecretKey},
		}
	}}
}

// identifyStore adds the object store to what identifies a site, where the site file names one: a plan is of that one. Who the run is there
// belongs to it. The credentials of the environment are made known to the redactor.
func identifyStore(of site.S3, about map[string]string, r *redact.Redactor) map[string]string {
	r.Add(s3.Access{}.Credentials()...)
	if of == (site.S3{}) {
		return about
	}
	if about == nil {
		about = map[string]string{}
	}
	about[storeKey] = storeAccess(of).Identity()
	return about
}

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/site"
)

const siteSuffix = ".yaml"

// loadSite reads the site that --site means: a path, or the name of a file in the user's folder of sites.
func loadSite(flag string) (*site.Site, error) {
	if flag == "" || strings.ContainsRune(flag, filepath.Separator) || strings.HasSuffix(flag, siteSuffix) {
		return site.Load(flag)
	}
	path := filepath.Join(sitesFolder(), flag+siteSuffix)
	s, err := site.Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if target, linked := os.Readlink(path); linked == nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot read the site file of %s: it was %s, and is gone", flag, target).
			Try("bring that site back, or name another file: --site ./FILE.yaml")
	}
	return nil, action.Errorf(action.CodeInvalid, "there is no site %q in %s%s", flag, sitesFolder(), module.Suggest(flag, siteNames())).
		Try("name a file: --site ./FILE.yaml, or put it there as %s%s; a lab gets its name from make lab", flag, siteSuffix)
}

// siteFile is where a site file is, for whoever takes the run up somewhere else; "" if there is none.
func siteFile(s *site.Site) string {
	path, err := filepath.Abs(s.Path)
	if s.Path == "" || err != nil {
		return ""
	}
	return path
}

// remember means the site file of an earlier run where the command line names none, and before what that file says, the cluster that the
// run was at: its command line may have said so. A file that is gone is not asked for: what the site is now will tell. A run in a scenario
// belongs into that scenario.
func (f *commonFlags) remember(run *journal.Run) error {
	if name := run.Scenario(); name != "" {
		entry, err := shelves().Find(run.Typed())
		if err != nil {
			entry = nil // and with it the scenarios in its folder, which the next line will tell
		}
		return f.enter(name, entry)
	}
	if f.site != "" {
		return nil
	}
	f.cluster.restore(run.Site)
	if _, err := os.Stat(run.SiteFile); err == nil {
		f.site = run.SiteFile
	}
	return nil
}

func sitesFolder() string { return filepath.Join(xdg.ConfigHome, "runbook", "sites") }

// siteNames are the names that --site may have.
func siteNames() []string {
	files, err := filepath.Glob(filepath.Join(sitesFolder(), "*"+siteSuffix))
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range files {
		if _, err := os.Stat(file); err == nil {
			names = append(names, strings.TrimSuffix(filepath.Base(file), siteSuffix))
		}
	}
	return names
}

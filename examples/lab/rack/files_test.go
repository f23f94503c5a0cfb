package rack

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"runbook/examples/lab/layout"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestTheTreeHasWhatCacheCleaningMeets(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	if err := writeFiles(dir, noon); err != nil {
		t.Fatal(err)
	}
	var old, fresh, links int
	var bytes int64
	cache := filepath.Join(dir.RackFiles(), "cache")
	err := filepath.WalkDir(cache, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch age := noon.Sub(info.ModTime()); {
		case info.Mode()&fs.ModeSymlink != 0:
			links++
		case age >= 8*day:
			old++
		case age < 7*day:
			fresh++
		default:
			t.Errorf("%s is %s old: whether it is older than 7 days depends on how one counts", path, age)
		}
		bytes += info.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if old != 98 || fresh != 49 || links != 1 || bytes > 2<<20 {
		t.Errorf("%d old, %d fresh, %d links, %d bytes", old, fresh, links, bytes)
	}
	target, err := filepath.EvalSymlinks(filepath.Join(cache, "models"))
	if err != nil || filepath.Base(filepath.Dir(target)) != "files" {
		t.Errorf("the link leads to %s, %v; want it out of the cache", target, err)
	}
}

func TestTheConfigurationSaysWhereTheCacheIs(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	if err := writeFiles(dir, noon); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir.RackFiles(), "etc", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Cache struct {
			Directory string
			SizeGB    int `yaml:"size_gb"`
		}
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	if config.Cache.Directory != filepath.Join(dir.RackFiles(), "cache") || config.Cache.SizeGB != 10 {
		t.Errorf("got %+v", config)
	}
}

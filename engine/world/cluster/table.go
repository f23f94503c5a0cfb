package cluster

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"runbook/engine/workload"
)

// table is objects as a table, with the columns that kubectl shows of any kind. kubectl works out the age by itself.
func table(_ *kind, items []Object, meta listMeta) metav1.Table {
	t := metav1.Table{
		TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"},
		ListMeta: metav1.ListMeta{ResourceVersion: meta.ResourceVersion, Continue: meta.Continue, RemainingItemCount: meta.Remaining},
		ColumnDefinitions: []metav1.TableColumnDefinition{
			{Name: "Name", Type: "string", Format: "name", Description: "Name must be unique within a namespace."},
			{Name: "Created At", Type: "date", Description: "CreationTimestamp is a timestamp representing the server time when this object was created."},
		},
		Rows: []metav1.TableRow{},
	}
	for _, o := range items {
		row := metav1.TableRow{Cells: []any{nameOf(o), workload.Text(o, "metadata", "creationTimestamp")}}
		row.Object.Object = &runtime.Unknown{}
		t.Rows = append(t.Rows, row)
	}
	return t
}

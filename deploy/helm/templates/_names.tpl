{{- /* What tells the pods of this release from all others. */ -}}
{{- define "samovar.labels" -}}
app.kubernetes.io/name: samovar
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* The claim of a volume: {{ include "samovar.claim" (dict "root" $ "name" "state") }} */ -}}
{{- define "samovar.claim" -}}
{{- default (printf "%s-%s" .root.Release.Name .name) (index .root.Values .name).claim -}}
{{- end -}}

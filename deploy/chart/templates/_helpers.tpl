{{- define "vnetlink.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* No dots and room for -metrics: a Service's name is a DNS label of at most 63 characters. */ -}}
{{- define "vnetlink.fullname" -}}
{{- $name := include "vnetlink.name" . }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | replace "." "-" | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "vnetlink.selector" -}}
app.kubernetes.io/name: {{ include "vnetlink.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "vnetlink.labels" -}}
{{ include "vnetlink.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Metadata of an object in the release's namespace. (list $ NAME) */ -}}
{{- define "vnetlink.metadata" -}}
{{- $ := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ $.Release.Namespace }}
labels: {{- include "vnetlink.labels" $ | nindent 2 }}
{{- end }}

{{- define "vnetlink.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "vnetlink.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.create is false: name one that exists in serviceAccount.name" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "vnetlink.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

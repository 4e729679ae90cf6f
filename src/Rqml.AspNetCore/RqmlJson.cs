using System.Text.Json;
using System.Text.Json.Serialization;
using Rqml.AspNetCore.Health;
using Rqml.AspNetCore.Nodes;
using Rqml.AspNetCore.Tasks;

namespace Rqml.AspNetCore;

/// <summary>How pages are written, whatever the host's own JSON looks like. Every property says its name, so that OpenAPI, which goes by the host's settings, tells the same.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(HealthReply))]
[JsonSerializable(typeof(QueueStats))]
[JsonSerializable(typeof(CheckpointState))]
[JsonSerializable(typeof(SubmittedTask))]
[JsonSerializable(typeof(KnownTask))]
[JsonSerializable(typeof(KnownTasks))]
[JsonSerializable(typeof(TaskResult))]
[JsonSerializable(typeof(TaskIteration))]
[JsonSerializable(typeof(CancelledTask))]
[JsonSerializable(typeof(ToldTask))]
internal sealed partial class RqmlJson : JsonSerializerContext;

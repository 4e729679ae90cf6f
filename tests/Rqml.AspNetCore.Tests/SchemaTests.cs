using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rqml.AspNetCore.Health;
using Rqml.AspNetCore.Nodes;
using Rqml.AspNetCore.Tasks;

namespace Rqml.AspNetCore.Tests;

/// <summary>What is published of the pages' JSON is what they write. RQML_WRITE_SCHEMAS=1 writes it anew.</summary>
public sealed class SchemaTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static TheoryData<string, Type> Schemas => new()
    {
        { "health", typeof(HealthReply) },
        { "queue_stats", typeof(QueueStats) },
        { "checkpoint_state", typeof(CheckpointState) },
        { "submitted_task", typeof(SubmittedTask) },
        { "task", typeof(KnownTask) },
        { "tasks", typeof(KnownTasks) },
        { "task_iteration", typeof(TaskIteration) },
        { "task_result", typeof(TaskResult) },
        { "task_story", typeof(ToldTask) },
        { "cancelled_task", typeof(CancelledTask) },
    };

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_published_schema_is_that_of_the_page(string name, Type type)
    {
        var schema = (JsonObject)RqmlJson.Default.Options.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        var published = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = $"Rqml: {name.Replace('_', ' ')}" };
        foreach (var (key, value) in schema.ToArray()) published[key] = value?.DeepClone();
        var text = published.ToJsonString(Indented) + "\n";
        var path = Path.Combine(Repository.Root, "docs", "schemas", $"{name}.json");
        if (Environment.GetEnvironmentVariable("RQML_WRITE_SCHEMAS") == "1") File.WriteAllText(path, text);
        Assert.Equal(text, File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Nothing_else_is_published() =>
        Assert.Equal(Schemas.Select(row => $"{row[0]}.json").Order(StringComparer.Ordinal), Directory.GetFiles(Path.Combine(Repository.Root, "docs", "schemas")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

    [Fact]
    public async Task The_hosts_open_api_shows_every_page_with_its_schema_its_problems_and_its_name()
    {
        await using var host = await WebHost.StartAsync(services: services => services.AddOpenApi(), map: app =>
        {
            app.MapOpenApi();
            app.MapRqml("/rqml");
            app.MapRqmlTasks();
        });
        var (_, document) = await host.GetAsync("/openapi/v1.json");
        var paths = document.GetProperty("paths");
        Assert.Equal(
            ["/rqml/checkpoint_state", "/rqml/health", "/rqml/health/live", "/rqml/health/ready", "/rqml/queue_stats", "/tasks", "/tasks/{id}", "/tasks/{id}/cancel", "/tasks/{id}/events", "/tasks/{id}/story"],
            paths.EnumerateObject().Select(path => path.Name).Order(StringComparer.Ordinal));
        var queues = paths.GetProperty("/rqml/queue_stats").GetProperty("get");
        Assert.Equal(("rqml_queue_stats", "Rqml"), (queues.GetProperty("operationId").GetString(), queues.GetProperty("tags")[0].GetString()));
        var worker = document.GetProperty("components").GetProperty("schemas").GetProperty("QueueDepth").GetProperty("properties");
        Assert.True(worker.TryGetProperty("held_by_key", out _));
        var status = paths.GetProperty("/tasks/{id}").GetProperty("get");
        Assert.Equal("id", status.GetProperty("parameters")[0].GetProperty("name").GetString());
        Assert.True(status.GetProperty("responses").GetProperty("404").GetProperty("content").TryGetProperty("application/problem+json", out _));
    }
}

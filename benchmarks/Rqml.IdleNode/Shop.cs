namespace Rqml.IdleNode;

/// <summary>A web app with one endpoint, and beside it a node on disk with its pages, or none.</summary>
internal static class Shop
{
    public const string Answer = "37.50";

    public static async Task RunAsync(bool withNode, string url, string folder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        if (withNode)
        {
            var root = new TaskClass<double, double>("square-root");
            builder.Services.AddRqml(rqml => rqml
                .AddTaskClass(root, roots => roots.AddModel("newton", (task, _) => new(task.Payload)).ConvergeWhenAll(Stability.Over(2)))
                .UseRocksDb(folder)
                .AddHttpEndpoints());
        }

        var app = builder.Build();
        app.MapGet("/quote", () => TypedResults.Text(Answer));
        if (withNode)
        {
            app.MapRqml();
            app.MapRqmlTasks();
        }

        await app.RunAsync();
    }
}

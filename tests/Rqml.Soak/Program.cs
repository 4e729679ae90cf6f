using System.Globalization;
using Rqml.Soak;
using Rqml.Soak.Cluster;
using Rqml.Soak.Fabric;

// MINUTES [seed] [folder]: the soak; ends with 0 only if all of it holds. "life …" is the process that it watches, kills and starts again. "fabric…": the soak of the fabric, and its processes.
if (args is [ApplicationProcess.Word, .. var words])
{
    await using var application = new Application(ApplicationSettings.Parse(words));
    await application.RunAsync(Console.In);
    return 0;
}

switch (args)
{
    case [FabricSoak.Word, .. var rest]:
        return await FabricSoak.RunAsync(rest);
    case [Receiver.Word, var name, var path]:
        using (var receiver = new Receiver(path)) await receiver.RunAsync(RealTransport.Named(name), path, Console.In, Console.Out);
        return 0;
    case [Sender.Word, var name, var path, var to, var count]:
        using (var sender = new Sender(path)) await sender.RunAsync(RealTransport.Named(name), path, to, long.Parse(count, CultureInfo.InvariantCulture), Console.Out);
        return 0;
    case [Scheduler.Word, var path, var listen]:
        await Scheduler.RunAsync(path, listen);
        return 0;
    case [ClusterSoak.Word, .. var rest]:
        return await ClusterSoak.RunAsync(rest);
    case [ClusterNode.Word, .. var rest]:
        await ClusterNode.RunAsync(rest, Console.In);
        return 0;
    case [Worker.Word, .. var rest]:
        await Worker.RunAsync(rest);
        return 0;
}

if (args is not [var minutes, ..] || !double.TryParse(minutes, CultureInfo.InvariantCulture, out var length) || length < 0.5)
{
    await Console.Error.WriteLineAsync("Usage: eng/soak [minutes, 0.5 or more] [seed] [folder]");
    return 2;
}

var seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var folder = args.Length > 2 ? args[2] : Directory.CreateTempSubdirectory("rqml-soak-").FullName;
var soak = new Supervisor(TimeSpan.FromMinutes(length), seed, folder, Console.Out);
try
{
    return await soak.RunAsync() ? 0 : 1;
}
finally
{
    if (args.Length <= 2) Directory.Delete(folder, recursive: true);
}

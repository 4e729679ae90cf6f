using CommandLine;
using Rqml.DoesItPay;
using Rqml.DoesItPay.Labelling;
using Rqml.DoesItPay.Queens;
using Rqml.DoesItPay.Reporting;

IStudy[] studies = [new LabellingStudy(), new ColouringStudy()];

if (args.Contains("--help"))
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

Arguments arguments;
try
{
    arguments = Arguments.Parse(args, [.. studies.Select(study => study.Job)]);
    if (arguments.Out is { } folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var study in studies) WritablePath.File("--out", PlotOf(folder, study.Job));
    }
}
catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{error.Message}\n\n{Arguments.Usage}");
    return 2;
}

var reports = new List<StudyReport>();
foreach (var study in studies.Where(study => arguments.Job is null || arguments.Job == study.Job))
{
    var report = await study.RunAsync(arguments.Seeds, Console.Error.WriteLine);
    reports.Add(report);
    if (arguments.Out is { } folder) QualityPlot.Save(report, PlotOf(folder, study.Job));
}

Console.WriteLine($"{Verdict.Of(reports)}\n\n{string.Join('\n', reports.Select(MarkdownReport.Write))}");
return reports.All(report => report.Promises.All(promise => promise.IsKept)) ? 0 : 1;

static string PlotOf(string folder, string job) => Path.Combine(folder, $"does-it-pay-{job}.svg");
